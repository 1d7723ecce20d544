import { describe, expect, it } from 'vitest';
import { qualify } from '../../../src/domain/qualification/qualify.ts';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { eachWording, meaningOf, type Wordings } from './meaning-of.ts';

const EXPECTED: Wordings = {
  'HARD USER_UNKNOWN': [
    "The format of the e-mail address isn't correct. Look at it and try sending again.",
    'Het e-mailadres van de ontvanger kan niet worden gevonden.',
    '550 ann is no longer at this firm',
    '550 That user left the company last year',
    '550 This address does not belong to any of our customers',
    '550 No account matches that address',
    '550 That address has been retired',
    '550 unable to find ann in the directory',
    '550 Empfaenger existiert hier nicht',
    '550 Diese Mailbox wurde gelöscht',
    "550 Ce compte n'existe plus",
    '550 Aucun utilisateur de ce nom',
    '550 No hay tal usuario',
    '550 Cuenta de correo eliminada',
    '550 Conta de e-mail não encontrada',
    '550 Casella postale inesistente',
    '550 Geen gebruiker met die naam',
    '550 Nieprawidłowy adres odbiorcy',
    '550 Felhasználó nem található',
    '550 Mottagaren hittades inte',
    '550 Utilizatorul nu există',
    '550 Böyle bir hesap bulunmuyor',
    '550 Неверный адрес получателя',
    '550 没有这个用户',
    '550 宛先ユーザーが不明です',
    '550 알 수 없는 수신자',
    '550 5.1.1 RCP-P1 http://postmaster.facebook.com/response_codes?ip=192.0.2.1#rcp',
    '550 ann@firm.example...User unknown',
    '550 Mailbox not present',
    '553 sorry, your envelope recipient has been denied (#5.7.1)',
    '550 5.7.1 <ann@firm.example>... we do not know this person',
    '550 I cannot deliver mail for ann@firm.example',
    '550 Empfängeradresse ungültig',
    '550 Ungültiger Empfänger',
    "550 L'adresse n'est pas valide",
    '550 No existe ese usuario',
    '550 El destinatario no es válido',
    '550 Nessun utente di questo nome',
    '550 Такого ящика нет',
    '550 無此帳號',
    '550 該当するアカウントはありません',
    '550 Άγνωστος χρήστης',
    '550 няма такъв потребител',
    '550 nepoznati korisnik',
    '550 người dùng không tồn tại',
    '550 ไม่พบผู้ใช้',
    '550 المستخدم غير موجود',
    '550 משתמש לא קיים',
  ],
  'SOFT ACCOUNT_DISABLED': [
    '550 Compte clôturé',
    '550 Buzón desactivado',
    '550 Conta cancelada',
    '550 Casella sospesa',
    '550 Konto jest zawieszone',
    '550 Ящик отключён',
    '550 账户已注销',
    '550 해당 계정은 휴면 상태입니다',
    '554 The recipient has not logged in for more than 180 days',
    '550 Cette boîte aux lettres est suspendue',
    '550 La cuenta está suspendida',
    '550 Cuenta de correo bloqueada',
    '550 用户已被停用',
    '550 このアカウントは停止されています',
    '550 The account has been cancelled by its owner',
  ],
  'SOFT MAILBOX_FULL': [
    "Ann's mailbox is full and takes no messages now. Please try resending yours later.",
    '452 4.2.2 Mailbox is full, retry in 30 minutes',
    '452 Mailbox is full, try again in an hour or two',
    '552 Espacio de almacenamiento agotado',
    '552 La casella ha superato la quota',
    '552 Caixa postal excedeu o limite',
    '552 Schránka je přeplněna',
    '552 Недостаточно места в почтовом ящике',
    '552 对方邮箱空间已用完',
    '552 받는 사람의 편지함이 가득 찼습니다',
    "552 The user's space has been used up",
    '550 Le compte du destinataire est plein',
    "552 Spazio su disco esaurito per l'utente",
    '552 Przekroczono limit miejsca na skrzynce',
    '552 Postvak is vol',
    '552 信箱容量已滿',
  ],
  'SOFT INVALID_DOMAIN': [
    "Not delivered: the domain customer.example couldn't be found. Look for typos and try again.",
    "The recipient's domain has no working mail server.",
    '550 We do not host this domain',
    'getaddrinfo ENOTFOUND firm.example',
    '550 Recipient domain must exist',
    '550 The domain firm.example no longer exists',
  ],
  'SOFT UNREACHABLE': [
    '450 too many messages to this mailbox within 5 minutes',
    '550 The MX of this place points to itself',
    'remote end closed the connection in the middle',
    'Delivery attempts exhausted',
    "procmail: couldn't create the mailbox",
    '550 check for new mail before you send any',
    '553 You are trying to use me as a relay, but I have not been configured to let you do this.',
    '550 Domain frequency limited. http://service.mail.qq.com',
    '421 4.7.0 Connection expired, try reconnecting.',
    '550 5.7.324 dnssec-invalid: Destination domain returned invalid DNSSEC records',
    '451 4.3.0 Mail server temporarily rejected message',
    '551 This is not a relay host',
    "550 that user's host isn't allowed to relay",
    'Could not deliver message in 3 days',
    'connect ECONNREFUSED 192.0.2.1:25',
    'ETIMEDOUT',
    'Serveur indisponible',
    'Il server non risponde',
    '连接服务器超时',
    '550 5.4.1 <ann@firm.example>: Recipient address rejected: No answer from host',
  ],
  'SOFT REFUSED': [
    "You don't have permission to send to this recipient. Ask your system administrator.",
    '550 The message is too heavy',
    '550 there is a limit on message size of 2 MB here',
    '501 5.1.0 Emetteur invalide. Invalid Sender. OFR_415',
    '554 Maximum email size exceeded',
    '552 El mensaje es demasiado grande',
    '550 Ihr Server steht auf einer schwarzen Liste',
    '554 cox 192.0.2.1 AUP#CDRBL',
    '550 5.1.1 The message was refused for policy reasons',
    '550 Your domain shop.example does not exist in DNS',
    '550 Your server is listed as an open proxy',
    '550 bogus HELO',
    '554 Message rejected: Sending suspended for this account',
    '550 5.2.1 Ann only accepts mail from people she knows',
    "550 Ann's mailbox is protected by a challenge-response system",
    "550 Adresse d'expédition incorrecte",
    '501 5.5.4 Invalid domain name in MAIL FROM',
  ],
};

describe('what servers of many countries and makers say', () => {
  it.each(eachWording(EXPECTED))('%s means %s', (text, meaning) => {
    expect(meaningOf(text)).toBe(meaning);
  });
});

describe('an answer that names something unknown', () => {
  it.each([
    '550 Bounce address does not exist',
    '550 your reply-to address is invalid',
    '550 5.7.1 mail from invalid user',
    '550 Your account does not exist on this relay',
    '535 Incorrect user or password',
    '550 You are not a member; address not found in subscriber list',
    '550 Mail server no longer exists',
    '550 mx.shop.example: hostname not found in DNS',
    '554 bad address syntax in From: field',
    '550 5.7.1 your mailbox has been deleted from our whitelist',
    '550 The message was not delivered. Wrong address in reverse path',
    '550 HELO mx.shop.example does not exist',
    '450 4.2.0 mailbox not found temporarily',
    '450 4.1.1 <ann@firm.example>: user unknown, temporarily',
    '550 Ihre IP-Adresse ist ungültig',
    '550 Die Absenderadresse existiert nicht',
    '550 Adres nadawcy nie istnieje',
    '550 La dirección del remitente no existe',
    '550 Адрес отправителя не существует',
    '550 发件人地址不存在',
    '535 Usuario o contraseña inválidos',
    '535 Benutzername oder Passwort ungültig',
    '451 Der Benutzer ist vorübergehend unbekannt',
    '550 Zu viele unbekannte Empfänger',
    '550 Mensaje con direccion invalida en la cabecera',
    '550 5.4.1 <ann@firm.example>: Recipient address rejected: No answer from host',
    '550 mailbox not found because of a mail loop',
    '550 Sender: no such user',
    '550 No such list member',
    'Mail domain mentioned in email address is unknown',
  ])('suppresses nobody where it is not the recipient: %s', (text) => {
    expect(meaningOf(text)).not.toMatch(/^HARD/);
  });
});

describe('an answer of which no sentence is known', () => {
  it.each([
    ['550 RCPT ann@firm.example not a known one', 'HARD USER_UNKNOWN'],
    ['550 the login was not recognised', 'HARD USER_UNKNOWN'],
    ['552 no room in the folder of this person: folder too large', 'SOFT MAILBOX_FULL'],
    ['550 the network of this place is silent', 'SOFT UNREACHABLE'],
    ['553 No Reply-Before field given', 'SOFT REFUSED'],
    ['550 xyzzy', 'UNDEFINED UNDEFINED'],
  ])('%s is judged by its single words: %s', (text, meaning) => {
    expect(meaningOf(text)).toBe(meaning);
  });

  it.each([
    ['450 the login was not recognised', 'a temporary answer'],
    ['the login was not recognised', 'no answer of a server'],
    ['550 the login of your relay was not recognised', 'an answer about the sending side'],
    ['550 email not valid: no date', 'an answer about the message'],
    ['550 invalid use of address literals', 'an answer about a form'],
    ['550 5.7.1 the login was not recognised', 'an answer whose code says more'],
  ])('suppresses nobody: %s is %s', (text) => {
    expect(meaningOf(text)).not.toMatch(/^HARD/);
  });

  it('is not judged by single words of the prose around it', () => {
    const notice = 'This is the mail system. The login was not recognised as one of our own.';
    const { verdict } = qualify({ channel: 'EMAIL', origin: 'ASYNC', text: '550 xyzzy', notice }, defaultRuleBook());
    expect(verdict.type).toBe('UNDEFINED');
  });
});

describe('an answer over several lines', () => {
  it.each([
    ['550-No such\n550 user here', 'HARD USER_UNKNOWN'],
    ['550-The mailbox you wrote to is\n550-over\n550 quota', 'SOFT MAILBOX_FULL'],
    ['554-Host network\n554 not allowed', 'SOFT REFUSED'],
    ['452-4.2.2 The inbox is\n452 4.2.2 full', 'SOFT MAILBOX_FULL'],
  ])('%j reads as one sentence: %s', (text, meaning) => {
    expect(meaningOf(text)).toBe(meaning);
  });
});

describe('an answer without a known word', () => {
  it('is judged by a reply code that has one use', () => {
    expect(qualify({ channel: 'EMAIL', origin: 'SYNC', text: '552 xyzzy' }, defaultRuleBook()).verdict).toMatchObject({
      type: 'SOFT',
      reason: 'MAILBOX_FULL',
      decidedBy: 'reply 552',
    });
  });

  it('lets any known word outrank that code', () => {
    expect(meaningOf('552 Message too large')).toBe('SOFT REFUSED');
    expect(meaningOf('500 user unknown')).toBe('HARD USER_UNKNOWN');
  });
});

describe('a short word of a rule', () => {
  it.each(['550 Zeldapop Quartermain has left us', '550 Our executive has left us', '550 Collateral', '550 Busybody'])(
    'is not found inside another word: %s',
    (text) => {
      expect(meaningOf(text)).toBe('UNDEFINED UNDEFINED');
    },
  );
});
