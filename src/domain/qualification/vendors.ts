/** Receivers whose words mean something of their own. */
export type Vendor =
  | 'apple'
  | 'barracuda'
  | 'comcast'
  | 'docomo'
  | 'free'
  | 'gmx'
  | 'google'
  | 'kddi'
  | 'mailru'
  | 'microsoft'
  | 'mimecast'
  | 'orange'
  | 'proofpoint'
  | 'qq'
  | 'softbank'
  | 'yahoo'
  | 'yandex'
  | 'zoho';

interface VendorSigns {
  /** Domains of the receiving servers. */
  readonly hosts: readonly string[];
  /** Fragments of the folded text by which an answer is known without the host. */
  readonly marks: readonly string[];
}

export const VENDORS: Readonly<Record<Vendor, VendorSigns>> = {
  apple: {
    hosts: ['icloud.com', 'me.com', 'mac.com', 'apple.com'],
    marks: [' icloud.com ', '.me.com', 'support.apple.com', '.mail.icloud.com', ' cs01 ', ' hm08 '],
  },
  barracuda: {
    hosts: ['barracudanetworks.com', 'cudaops.com', 'ess.barracudanetworks.com'],
    marks: ['barracudanetworks.com', 'permanent failure for one or more recipients', 'cudamail'],
  },
  comcast: { hosts: ['comcast.net'], marks: ['comcast.net'] },
  docomo: { hosts: ['docomo.ne.jp', 'spmode.ne.jp', 'mfsmax.docomo.ne.jp'], marks: ['docomo.ne.jp'] },
  free: {
    hosts: ['free.fr', 'proxad.net', 'sfr.fr', 'sfr.net', 'neuf.fr', 'laposte.net', 'bbox.fr'],
    marks: ['free.fr', 'proxad.net', 'sfr.fr', 'laposte.net', ' lpn0'],
  },
  gmx: {
    hosts: ['gmx.net', 'gmx.com', 'gmx.de', 'web.de', 'mail.com', 'kundenserver.de', '1and1.com', '1and1.de', 'ionos.com', 'perfora.net'],
    marks: ['nemesis esmtp', 'postmaster.gmx', 'gmx.net', 'web.de', 'postmaster.1and1', 'mail.com mxgmx'],
  },
  google: { hosts: ['google.com', 'googlemail.com', 'gmail.com'], marks: [' gsmtp ', 'support.google.com', 'mail.google.com', ' gmail '] },
  kddi: { hosts: ['ezweb.ne.jp', 'au.com', 'auone-net.jp', 'dion.ne.jp'], marks: ['ezweb.ne.jp', 'au.com'] },
  mailru: { hosts: ['mail.ru', 'bk.ru', 'inbox.ru', 'list.ru'], marks: ['mail.ru'] },
  microsoft: {
    hosts: ['outlook.com', 'hotmail.com', 'live.com', 'msn.com', 'office365.com', 'protection.outlook.com', 'outlook.cn', 'office.com'],
    marks: [
      'outlook.com',
      'aka.ms',
      'mail.live.com',
      'postmaster.live.com',
      'go.microsoft.com',
      'sender.office.com',
      'office365',
      ' s3140 ',
      ' s3150 ',
      '.prod.exchangelabs',
      'hotmail',
      'werent sent',
    ],
  },
  mimecast: { hosts: ['mimecast.com', 'mimecast.co.za'], marks: ['mimecast'] },
  orange: { hosts: ['orange.fr', 'wanadoo.fr', 'wanadoo.com', 'orange.com'], marks: [' ofr', 'orange.fr', 'wanadoo.fr'] },
  proofpoint: { hosts: ['pphosted.com', 'ppe-hosted.com', 'proofpoint.com', 'gslb.pphosted.com'], marks: ['proofpoint', 'pphosted.com'] },
  qq: {
    hosts: ['qq.com', 'foxmail.com', 'exmail.qq.com', '163.com', '126.com', 'yeah.net', 'netease.com'],
    marks: ['qq.com', '163.com', 'mail.163', '126.com', 'weixin.qq', ' dt spm ', ' dt spf ', ' dt sum '],
  },
  softbank: {
    hosts: ['softbank.jp', 'softbank.ne.jp', 'i.softbank.jp', 'vodafone.ne.jp', 'disney.ne.jp'],
    marks: ['softbank.ne.jp', 'softbank.jp'],
  },
  yahoo: {
    hosts: [
      'yahoo.com',
      'yahoodns.net',
      'aol.com',
      'yahoo.co.jp',
      'ymail.com',
      'rocketmail.com',
      'verizon.net',
      'oath.com',
      'yahooinc.com',
    ],
    marks: ['yahoo', 'postmaster.aol', ' aol.com', ' ts01 ', ' ts02 ', ' ts03 ', ' tss0', ' tss1', ' ph01 '],
  },
  yandex: { hosts: ['yandex.ru', 'yandex.net', 'yandex.com'], marks: ['yandex'] },
  zoho: { hosts: ['zoho.com', 'zoho.eu', 'zohomail.com'], marks: ['zoho'] },
};

const VENDOR_OF_HOST: ReadonlyMap<string, Vendor> = new Map(
  (Object.keys(VENDORS) as Vendor[]).flatMap((vendor) => VENDORS[vendor].hosts.map((host) => [host, vendor] as const)),
);

/** The receiver that runs a host, or null. */
export function vendorOfHost(host: string): Vendor | null {
  let domain = host.toLowerCase();
  for (;;) {
    const vendor = VENDOR_OF_HOST.get(domain);
    if (vendor !== undefined) return vendor;
    const dot = domain.indexOf('.');
    if (dot < 0) return null;
    domain = domain.slice(dot + 1);
  }
}
