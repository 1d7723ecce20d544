/** Processor milliseconds since `start`, of `process.cpuUsage`: a busy machine does not count. */
export function millisecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
