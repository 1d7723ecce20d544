/**
 * Two kinds of prose about failed deliveries: what mail daemons write in sentences of their own making, and how people speak of a bounce
 * that they quote. As data, in lower case and plain as `plainText` makes it.
 */

import { anyOf } from './report-phrases.ts';

/**
 * A delivery that did not happen, in a sentence of any making: a denial and, a few words on in the same sentence, a delivery. People write
 * such sentences as well, so a mail daemon has to be the sender.
 */
const DENIED_DELIVERIES: readonly { readonly denials: readonly string[]; readonly deliveries: readonly string[] }[] = [
  { denials: ['not', 'never', "n't", 'unable to', 'failed to'], deliveries: ['delivered', 'get through', 'got through'] },
  { denials: ['nicht', 'nie', 'niemals'], deliveries: ['zugestellt', 'ausgeliefert', 'überbracht'] },
  { denials: ['pas', 'jamais', "n'a pu"], deliveries: ['livré', 'remis', 'délivré', 'distribué', 'acheminé'] },
  { denials: ['no', 'nunca'], deliveries: ['entregad', 'entregó', 'ser entregad'] },
  { denials: ['não', 'nao', 'nunca'], deliveries: ['entregue'] },
  { denials: ['non', 'mai'], deliveries: ['recapitat', 'consegnat'] },
  { denials: ['niet', 'nooit'], deliveries: ['bezorgd', 'afgeleverd', 'besteld'] },
  { denials: ['inte', 'aldrig'], deliveries: ['levererat', 'levererad', 'levereras', 'framme'] },
  { denials: ['ikke', 'aldri', 'aldrig'], deliveries: ['levert', 'leveret'] },
  { denials: ['nie'], deliveries: ['dostarczon', 'doręczon'] },
  { denials: ['не'], deliveries: ['доставлен', 'вручен', 'доставить'] },
  { denials: ['ei', 'eikä'], deliveries: ['toimitettu', 'toimittaa', 'perille'] },
  { denials: ['nem'], deliveries: ['kézbesít'] },
  { denials: ['nu'], deliveries: ['livrat'] },
  { denials: ['δεν'], deliveries: ['παραδόθηκε', 'παραδοθεί'] },
];

/** The same in languages that deny with an ending or behind the verb. */
const DENIED_DELIVERY_WORDS: readonly string[] = [
  'levererades inte',
  'leveredes ikke',
  'teslim edilmedi',
  'teslim edilemedi',
  'iletilmedi',
  'iletilemedi',
  'ulaştırılamadı',
  'ulaşmadı',
  'nebyl doručen',
  'nebyla doručen',
  'nebol doručen',
  'nebola doručen',
  '配信されません',
  '配達されません',
  '配送されません',
  '届きませんでした',
  '未能送达',
  '未送达',
  '未能送達',
  '未送達',
  '无法送达',
  '無法送達',
  '배달되지',
  '전달되지',
];

/** How people speak of a bounce that they quote or ask about, and no server does. */
const PERSONAL_SENTENCES: readonly string[] = [
  'can you help',
  'could you help',
  'can you check',
  'can you look',
  'could you look',
  'could you send',
  'could you resend',
  'can you send',
  'do you have a newer',
  'do you have a new',
  'do you have another',
  'do you know',
  'does anyone',
  'does anybody',
  'any idea',
  'any ideas',
  'what is this?',
  'what now?',
  "what's going on",
  'i got this',
  'i got a ',
  'i got the ',
  'i got an ',
  'i got "',
  'i just got',
  'i keep getting',
  'i received this',
  'i received a ',
  'i received the ',
  'i have received',
  "i've received",
  "i've got",
  'my mail to',
  'my email to',
  'my e-mail to',
  'my message to',
  'my last mail',
  'came back',
  'the mail said',
  'the bounce said',
  'the message said',
  'kannst du',
  'könnt ihr',
  'könntest du',
  'könnten sie mir',
  'können sie mir',
  'weißt du',
  'wissen sie,',
  'ich habe diese',
  'ich habe eine',
  'ich habe gerade',
  'ich bekomme',
  'meine mail an',
  'meine e-mail an',
  'meine nachricht an',
  'kam zurück',
  "j'ai reçu",
  'peux-tu',
  "pouvez-vous m'",
  'mon mail à',
  'mon message à',
  'he recibido',
  'me ha llegado',
  'me llegó',
  'me puedes',
  'mi correo a ',
  'recebi ',
  'meu e-mail para',
  'ho ricevuto',
  'mi puoi',
  'la mia mail',
  'ik kreeg',
  'kun je',
  'weet je',
  'mijn mail',
  'dostałem',
  'dostałam',
  'мне пришл',
  'я получил',
  'подскажите',
  '我收到',
  '请帮',
];

const deniedDelivery = new RegExp(
  [
    ...DENIED_DELIVERIES.map(
      ({ denials, deliveries }) =>
        `(?:(?<!\\p{L})(?:${denials.join('|')})|(?<=\\p{L})n't) (?:[^ ]{0,80}[^ .,!?;:] ){0,6}(?:${deliveries.join('|')})`,
    ),
    ...DENIED_DELIVERY_WORDS,
  ].join('|'),
  'u',
);
const personalSentence = anyOf(PERSONAL_SENTENCES);

/** True for a sentence that denies a delivery, in whatever words. */
export const deniesDelivery = (plain: string): boolean => deniedDelivery.test(plain);
/** True for the words of a person who speaks of a bounce. */
export const soundsPersonal = (plain: string): boolean => personalSentence.test(plain);
