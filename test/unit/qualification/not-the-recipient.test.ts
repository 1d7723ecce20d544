import { describe, expect, it } from 'vitest';
import { eachWording, meaningOf, type Wordings } from './meaning-of.ts';

const EXPECTED: Wordings = {
  'SOFT REFUSED': [
    '530 user invalid: authenticate first',
    '550 IP address unknown',
    '550 Sending user no longer exists in our system',
    '550 Your user account is unknown to the outgoing server',
    '550 messages from invalid users are refused',
    '550 not accepting mail with attachments from unknown users',
    "550 the sender's mailbox is full and could not be answered",
    '550 Sending mailbox is disabled',
    '550 Ihr Benutzerkonto ist unbekannt, bitte melden Sie sich an',
    '550 Der Benutzer nimmt keine Nachrichten von unbekannten Absendern an',
    '550 Sie sind kein Mitglied der Liste, unbekannter Benutzer',
    '550 Expéditeur inconnu',
    "550 Vous n'êtes pas abonné à cette liste, adresse inconnue",
    '550 El usuario no acepta correo de remitentes desconocidos',
    '550 Su cuenta no existe o no está autorizada a enviar',
    '550 Remetente inexistente',
    '550 Dirección de origen inválida',
    '550 Обратный адрес не существует',
    '550 Mittente sconosciuto',
    '550 Afzender onbekend',
    '550 Authenticatie mislukt: gebruiker onbekend',
    '550 Nieznany nadawca',
    '550 Отправитель неизвестен',
    '550 Ошибка аутентификации: пользователь не найден',
    '550 发件人不存在',
    '550 認証エラー: ユーザが存在しません',
    '550 인증 실패: 사용자를 찾을 수 없습니다',
    '550 Avsändarens adress finns inte',
    '550 Gönderen adresi bulunamadı',
  ],
  'SOFT UNREACHABLE': [
    '550 Der Server des Empfängers wurde nicht gefunden',
    '550 Serveur du destinataire introuvable',
    '451 Сервер получателя не найден',
  ],
  'SOFT INVALID_DOMAIN': ['550 Het domein van de ontvanger bestaat niet', '550 收件人域名不存在', '550 宛先のドメインが存在しません'],
  'HARD USER_UNKNOWN': [
    '550 ann does not work here any more',
    '550 user no longer available at this domain',
    '550 Kein solches Postfach vorhanden',
    '550 Penerima tidak ditemukan',
    '550 Server des Empfängers meldet: Benutzer unbekannt',
    '550 Le serveur du destinataire a répondu: utilisateur inconnu',
    '550 Mensaje devuelto al remitente: usuario inexistente',
    '550 Bericht terug naar afzender: adres bestaat niet',
    '550 Zwrot do nadawcy: użytkownik nie istnieje',
    '550 Your message was sent to an address that does not exist',
  ],
};

describe('Who or what is unknown', () => {
  it.each(eachWording(EXPECTED))('is told in "%s": %s', (text, meaning) => {
    expect(meaningOf(text)).toBe(meaning);
  });

  it.each([
    '550 Callback failed for <news@shop.example>: 550 unknown user',
    '550 Invalid address in the "To" header',
    '550 the To: header holds an address which is not valid',
    '550 PGP key of the recipient not found, unencrypted mail refused',
    '550 user lookup timed out, not found in cache',
    '451 mailbox store not mounted, user not found for now',
    '550 script of user failed: command not found',
    '550 mail claims to be from a local user which does not exist',
    '550 5.7.233 hourly quota of messages to unknown recipients exceeded',
    '450 4.1.1 <ann@firm.example>: Recipient address rejected: unverified address: unknown mail transport error',
    '550 Base des utilisateurs introuvable',
    '550 逆引きが存在しません',
    '451 Recipient lookup failed: could not connect to database',
    '450 user not found in cache, waiting for directory sync',
    '452 4.5.3 number of invalid recipients per session exceeded',
  ])('suppresses nobody for "%s"', (text) => {
    expect(meaningOf(text)).not.toContain('HARD');
  });
});
