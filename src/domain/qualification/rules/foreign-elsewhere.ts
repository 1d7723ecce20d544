import { near } from './english-families.ts';

/*
 * In other languages than English: what is unknown there is the sender, the domain, the server or the writer to a list, never
 * the recipient. The words are those that FOREIGN_UNKNOWN reads, so each of these keeps a text from being read as one of it.
 */

/**
 * Each name with each word close behind it. "Back to the sender: recipient unknown" must stay the recipient's, so that nothing
 * but a verb or an ending may stand in between.
 */
function sayings(names: readonly string[], said: readonly string[], between: readonly string[] = [' ']): readonly string[] {
  return names.flatMap((name) => between.flatMap((gap) => said.map((word) => `${name}${gap}${word}`)));
}

/** The sender is unknown, or the address that the reader writes from. */
export const FOREIGN_UNKNOWN_SENDER: readonly string[] = [
  ...sayings(
    ['absender', 'absenders', 'absenderdomain', 'ihre adresse', 'ihr konto', 'ihr benutzerkonto', 'ihr account'],
    ['unbekannt', 'nicht bekannt', 'existiert nicht', 'ungultig', 'ungueltig', 'nicht gultig', 'nicht gefunden'],
    [' ', ' ist ', ' wurde '],
  ),
  ...sayings(['unbekannte', 'unbekannter', 'unbekannten', 'unbekanntem', 'ungultiger', 'ungueltiger', 'gefalschter'], ['absender']),
  ...sayings(
    ['expediteur', 'expediteurs', 'emetteur', 'votre adresse', 'votre compte'],
    ['inconnu', 'nexiste pas', 'invalide', 'non valide', 'introuvable', 'pas connu', 'pas reconnu', 'inexistant'],
    [' ', ' est ', ' nest '],
  ),
  ...sayings(
    ['remitente', 'remitentes', 'emisor', ' su direccion', ' su cuenta', ' tu direccion', ' tu cuenta'],
    ['desconocid', 'no existe', 'invalid', 'no valid', 'no es valid', 'inexistente', 'no encontrad'],
    [' ', ' es '],
  ),
  ...sayings(
    ['remetente', 'remetentes', 'seu endereco', ' sua conta'],
    ['desconhecid', 'nao existe', 'inexistente', 'invalid', 'nao encontrad'],
    [' ', ' e '],
  ),
  ...sayings(
    ['mittente', 'mittenti', ' tuo indirizzo', 'vostro indirizzo', ' tuo account'],
    ['sconosciut', 'non esiste', 'inesistente', 'non valid', 'non riconosciut', 'non e riconosciut', 'non trovat'],
    [' ', ' e '],
  ),
  ...sayings(
    ['afzender', ' uw adres', ' uw account'],
    ['onbekend', 'bestaat niet', 'ongeldig', 'niet gevonden', 'niet bekend'],
    [' ', ' is '],
  ),
  ...sayings(['onbekende', 'ongeldige'], ['afzender']),
  ...sayings(
    ['nadawca', 'nadawcy', 'twoj adres', 'twoje konto'],
    ['nieznan', 'nie istnieje', 'nieprawidlow', 'niepoprawn'],
    [' ', ' jest '],
  ),
  ...sayings(['nieznany', 'nieznanego', 'nieznanych', 'nieprawidlowy', 'niepoprawny'], ['nadawc', 'adres nadawcy']),
  ...sayings(['odesilatel', 'odesilatele', 'odosielatel', 'vase adresa'], ['neznam', 'neexist', 'neplatn'], [' ', ' je ']),
  ...sayings(['neznamy', 'neexistujici', 'neplatny'], ['odesilatel', 'odosielatel']),
  ...sayings(
    ['avsandare', 'avsandaren', 'avsandarens adress', 'avsandarens doman', 'avsender', 'avsenderen', 'afsender', 'afsenderen'],
    ['okand', 'ukendt', 'ukjent', 'finns inte', 'findes ikke', 'finnes ikke'],
    [' ', ' ar ', ' er '],
  ),
  ...sayings(['okand', 'ukendt', 'ukjent'], ['avsandar', 'avsender', 'afsender']),
  ...sayings(
    ['lahettaja', 'lahettajaa', 'lahettajan osoite', 'lahettajan osoitetta'],
    ['tuntematon', 'ei loydy', 'ei ole olemassa', 'on tuntematon'],
  ),
  'tuntematon lahettaja',
  ...sayings(['gonderen', 'gonderen adresi', 'gonderen alan adi', 'gonderici'], ['bilinmiyor', 'bulunamadi', 'gecersiz']),
  ...sayings(['bilinmeyen', 'gecersiz'], ['gonderen', 'gonderici']),
  ...sayings(['felado'], ['ismeretlen', 'nem letezik', 'ervenytelen']),
  ...sayings(['ismeretlen', 'ervenytelen'], ['felado']),
  ...sayings(['expeditor', 'expeditorul'], ['necunoscut', 'inexistent', 'nu exista', 'invalid'], [' ', ' este ']),
  ...sayings(
    ['отправитель', 'отправителя', 'відправник', 'ваш адрес', 'ваша учетная запись'],
    ['неизвест', 'не существ', 'не наиден', 'невідом'],
  ),
  ...sayings(['неизвестныи', 'неизвестного', 'неизвестных', 'невідомии'], ['отправител', 'відправник']),
  ...sayings(['αποστολεας'], ['αγνωστ', 'δεν υπαρχει']),
  ...sayings(['αγνωστος'], ['αποστολεας']),
  ...sayings(['המוען', 'השולח'], ['אינו קיים', 'לא קיים', 'לא ידוע', 'אינו מוכר']),
  ...sayings(['pengirim'], ['tidak dikenal', 'tidak ditemukan', 'tidak ada', 'tidak valid']),
  ...sayings(
    ['发件人', '发件人域名', '發件人', '寄件人', '发信人', '发信地址', '您的地址'],
    ['不存在', '无效', '無效', '未知', '找不到'],
    ['', ' '],
  ),
  ...sayings(['未知', '无效的', '不存在的'], ['发件人', '寄件人', '发信人'], ['']),
  ...sayings(
    ['送信者', '発信者', '発信元', '送信元', '差出人', '送信者のドメイン', '送信元ドメイン', '送信者アドレス'],
    ['不明', '存在しま', '存在せ', '無効', '見つかり'],
    ['', 'が', 'は'],
  ),
  ...sayings(['不明な', '無効な'], ['送信者', '発信者', '差出人'], ['']),
  ...sayings(
    ['보낸 사람', '보낸이', '발신자', '발송자', '발신 도메인'],
    ['존재하지', '알 수 없', '유효하지', '찾을 수 없'],
    ['이 ', '가 ', '를 ', '을 ', ' '],
  ),
];

/** A login of the sender failed, by which a user of the sending server is unknown. */
export const FOREIGN_LOGIN: readonly string[] = [
  'authentifizierung',
  'anmeldung fehlgeschlagen',
  'authentifiez vous',
  'authentification',
  'autenticacion',
  'autenticacao',
  'autenticazione',
  'authenticatie',
  'uwierzytelni',
  'аутентификац',
  'авторизац',
  '认证失败',
  '认证错误',
  '驗證失敗',
  '認証エラー',
  '認証に失敗',
  '인증 실패',
  '인증에 실패',
  'autentisering',
  'kimlik dogrulama',
  'overeni selhalo',
  'overenie zlyhalo',
];

/** The domain of the recipient does not exist. */
export const FOREIGN_NO_DOMAIN: readonly string[] = [
  ...near(
    ['domein van de ontvanger', 'domein van de geadresseerde', 'het domein', 'maildomein'],
    ['bestaat niet', 'niet gevonden', 'ongeldig', 'onbekend'],
  ),
  ...near(['домен получателя', 'почтовыи домен', 'такого домена'], ['не существ', 'не наиден', 'неизвест']),
  'домена не существует',
  'домен не существует',
  'домен не наиден',
  'domena odbiorcy',
  'domena nie istnieje',
  'domena neexist',
  'domenet finnes ikke',
  'domanet findes ikke',
  'domanen finns inte',
  'alan adi bulunamadi',
  '域名不存在',
  '域名无效',
  '域名无法解析',
  '网域不存在',
  'ドメインが存在しま',
  'ドメインは存在しま',
  'ドメインが見つかり',
  '도메인이 존재하지',
  '도메인을 찾을 수 없',
];

/** The server of the recipient cannot be found or does not answer. */
export const FOREIGN_NO_SERVER: readonly string[] = [
  'server des empfangers wurde nicht gefunden',
  'server des empfangers nicht',
  'server des empfangers ist nicht',
  'server des empfangers antwortet nicht',
  'serveur du destinataire introuvable',
  'serveur du destinataire est introuvable',
  'serveur du destinataire ne repond',
  'servidor del destinatario no fue encontrado',
  'servidor del destinatario no encontrado',
  'servidor del destinatario no respond',
  'servidor del destinatario no se encuentra',
  'servidor do destinatario nao foi encontrado',
  'servidor do destinatario nao encontrado',
  'servidor do destinatario nao respond',
  'server del destinatario non trovato',
  'server del destinatario non respond',
  'server van de ontvanger niet',
  'serwer odbiorcy nie',
  'сервер получателя не наиден',
  'сервер получателя не отвечает',
  'сервер получателя недоступен',
  '收件人服务器不存在',
  '对方服务器不存在',
  '宛先サーバが見つかり',
  '宛先サーバーが見つかり',
];

/** Only members may write to the list. */
export const FOREIGN_CLOSED_LIST: readonly string[] = [
  'kein mitglied',
  'nicht mitglied',
  'pas membre',
  'pas abonne',
  'no es miembro',
  'no esta suscrit',
  'nao e membro',
  'non sei iscritt',
  'non iscritt',
  'geen lid',
  'не подписан',
  'в списке разреш',
  'bij deze lijst',
];
