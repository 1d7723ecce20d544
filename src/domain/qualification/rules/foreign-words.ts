/**
 * What is said of a mailbox in other languages than English, as the names of the thing and what is said of it.
 *
 * Servers there write sentences of their own making, so whole sentences would never be complete: each name goes with each
 * word behind it, with up to sixty characters in between. English has its own, narrower patterns, because half the world's
 * answers about senders, domains and servers are English too.
 */
interface Sayings {
  readonly names: readonly string[];
  /** Behind the name: `usuario … no existe`. */
  readonly said?: readonly string[];
  /** In front of the name: `nieznany … odbiorca`. */
  readonly before?: readonly string[];
}

function inPairs({ names, said = [], before = [] }: Sayings): readonly string[] {
  return names.flatMap((name) => [...said.map((word) => `${name} … ${word}`), ...before.map((word) => `${word} … ${name}`)]);
}

/** Names of an IP address, of which most of these words may be said as well. */
export const FOREIGN_IP_ADDRESS: readonly string[] = [
  'ip adres',
  'adresse ip',
  'adres ip',
  'adresa ip',
  'direccion ip',
  'endereco ip',
  'indirizzo ip',
  'ip адрес',
  'адрес ip',
  'ip地址',
  'ip アドレス',
  'ipアドレス',
];

/** Words for a password. */
export const FOREIGN_PASSWORD: readonly string[] = [
  'passwort',
  'kennwort',
  'mot de passe',
  'contrasena',
  'o password',
  'senha invalid',
  'senha incorret',
  'wachtwoord',
  'haslo',
  'парол',
  '密码错误',
  '密码不正确',
  '密碼',
  'パスワード',
  '비밀번호',
];

/** The sender's address by name. */
export const FOREIGN_SENDER: readonly string[] = [
  'absenderadresse',
  'absender existiert',
  'konto des absenders',
  'adresse de lexpediteur',
  'compte de lexpediteur',
  'direccion del remitente',
  'cuenta del remitente',
  'indirizzo del mittente',
  'endereco do remetente',
  'adres nadawcy',
  'afzenderadres',
  'adres van de afzender',
  'адрес отправителя',
  'адреса отправителя',
  'direccion de origen',
  'cuenta de envio',
  'usuario smtp',
  'endereco de origem',
  'conta de envio',
  'indirizzo di origine',
  'account di invio',
  'adres nadawcz',
  'adresse dexpedition',
  'обратныи адрес',
  '寄件者',
  '送信元メール',
  '발신 주소',
  '发件人地址',
  '寄件人地址',
  '送信者のアドレス',
  '差出人のアドレス',
  '送信元アドレス',
  '보낸 사람 주소',
  '발신자 주소',
];

/** What turns an unknown recipient into something else: many of them at once, for a while only, in a header, on a list. */
export const FOREIGN_OTHERWISE: readonly string[] = [
  'zu viele',
  'trop de',
  'demasiad',
  'troppi',
  'muitos destinat',
  'zbyt wiele',
  'слишком много',
  '太多',
  'vorubergehend',
  'voruebergehend',
  'temporairement',
  'temporalmente',
  'temporaneamente',
  'temporariamente',
  'chwilowo',
  'временно',
  '暂时',
  '一時的',
  'im header',
  'en la cabecera',
  'dans len tete',
  'nellintestazione',
  'в заголовке',
  'lista de remitentes',
  'mailserver existiert',
];

/** Nobody has that mailbox. */
export const FOREIGN_UNKNOWN: readonly string[] = [
  {
    names: ['empfanger', 'empfaenger', 'benutzer', 'adresse', 'adressat', 'postfach', 'mailbox', 'konto', 'account'],
    said: [
      'existiert nicht',
      'existiert hier nicht',
      'existiert nicht mehr',
      'unbekannt',
      'nicht bekannt',
      'nicht gefunden',
      'nicht vorhanden',
      'ungultig',
      'ungueltig',
      'geloscht',
      'geloescht',
      'gibt es nicht',
    ],
    before: ['unbekannte', 'ungultige', 'ungueltige', 'kein solche'],
  },
  {
    names: ['utilisateur', 'destinataire', 'adresse', 'boite', 'compte', 'abonne'],
    said: [
      'nexiste pas',
      'nexiste plus',
      'inconnu',
      'inexistant',
      'introuvable',
      'non reconnu',
      'pas reconnu',
      'non trouve',
      'non valide',
      'invalide',
      'supprime',
      'plus utilis',
      'plus valid',
      'plus attribu',
    ],
    before: ['aucun ', 'aucune ', 'pas d'],
  },
  {
    names: ['usuario', 'destinatario', 'direccion', 'buzon', 'casilla', 'cuenta'],
    said: [
      'no existe',
      'desconocid',
      'inexistente',
      'no encontrad',
      'invalid',
      'no valid',
      'no es valid',
      'eliminad',
      'no se encuentra',
      'incorrect',
    ],
    before: ['no existe', 'no hay tal', 'no se encontro', 'no se reconoce'],
  },
  { names: ['utilizador'], said: ['nao existe', 'desconhecid', 'inexistente', 'nao encontrad', 'invalid'] },
  { names: ['correo', 'email'], said: ['no existe', 'inexistente', 'nao existe'] },
  {
    names: ['usuario', 'destinatario', 'endereco', ' conta ', 'caixa'],
    said: ['nao existe', 'desconhecid', 'inexistente', 'nao encontrad', 'invalid', 'nao foi encontrad', 'excluid', 'removid'],
    before: ['nao existe'],
  },
  {
    names: ['utente', 'destinatario', 'indirizzo', 'casella', 'mailbox'],
    said: [
      'non esiste',
      'sconosciut',
      'inesistente',
      'non trovat',
      'non valid',
      'non presente',
      'errat',
      'cancellat',
      'rimoss',
      'eliminat',
    ],
    before: ['nessun ', 'nessuna ', 'non esiste'],
  },
  { names: ['destin.'], said: ['sconosciut'] },
  {
    names: ['gebruiker', 'ontvanger', 'adres', 'mailbox', 'postvak'],
    said: ['bestaat niet', 'onbekend', 'niet gevonden', 'ongeldig', 'niet bekend'],
    before: ['onbekend', 'ongeldig', 'geen '],
  },
  {
    names: ['uzytkownik', 'odbiorc', 'adresat', 'adres', 'konto', 'skrzynk'],
    said: ['nie istnieje', 'nieznan', 'nie znaleziono', 'nieprawidlow', 'niepoprawn', 'usuniet'],
    before: ['nieznan', 'nieprawidlow', 'niepoprawn', 'nie ma takie', 'nie znaleziono'],
  },
  {
    names: ['penerima', 'pengguna', 'alamat', 'kotak surat'],
    said: ['tidak ditemukan', 'tidak dikenal', 'tidak ada', 'tidak valid'],
  },
  {
    names: ['uzivatel', 'prijemce', 'prijemca', 'adresa', 'schranka', 'pouzivatel'],
    said: ['neexist', 'nenalezen', 'nebyl nalezen', 'neznam', 'neplatn', 'nenasiel', 'nenajden'],
    before: ['neexist', 'neznam', 'neplatn'],
  },
  {
    names: ['anvandare', 'mottagare', 'adress', 'modtager', 'mottaker', 'bruger', 'bruker', 'postkasse', 'brevlada'],
    said: [
      'finns inte',
      'findes ikke',
      'finnes ikke',
      'saknas',
      'hittades inte',
      'okand',
      'ukendt',
      'ukjent',
      'ikke fundet',
      'ikke funnet',
    ],
    before: ['okand', 'ukendt', 'ukjent', 'ogiltig', 'ugyldig'],
  },
  {
    names: ['kayttaja', 'vastaanottaja', 'osoite', 'postilaatikko'],
    said: ['ei ole', 'ei loydy', 'tuntematon', 'virheellinen'],
    before: ['tuntematon', 'virheellinen'],
  },
  { names: ['felhasznalo', 'cimzett', 'postafiok'], said: ['nem talalhato', 'nem letezik', 'ismeretlen', 'ervenytelen'] },
  { names: ['utilizator', 'destinatar', 'adresa', 'casuta'], said: ['nu exista', 'inexistent', 'necunoscut', 'nu a fost gasit'] },
  {
    names: ['kullanici', 'alici', 'adres', 'hesap', 'posta kutusu'],
    said: ['bulunamadi', 'bulunmuyor', 'bulunmamakta', ' yok ', 'gecersiz', 'mevcut degil'],
    before: ['gecersiz'],
  },
  {
    names: ['пользовател', 'получател', 'адресат', 'адрес', 'ящик', 'абонент', 'аккаунт', 'учетн', 'користувач', 'скриньк'],
    said: [
      'не найден',
      'не существует',
      'неизвест',
      'не зарегистрирован',
      'неверн',
      'удален',
      'не значится',
      'не знайден',
      'не існує',
      'невідом',
    ],
    before: ['неверн', 'неизвестн', 'несуществующ', 'нет такого', 'нет такой'],
  },
  {
    names: ['用户', '用戶', '收件人', '收信人', '邮箱', '郵箱', '信箱', '账号', '帐号', '帳號', '账户', '使用者'],
    said: ['不存在', '未找到', '找不到', '无效', '無效', '错误', '錯誤', '已删除', '已刪除', '未知', '不正确'],
    before: ['没有', '沒有', '找不到', '无此', '無此', '查无', '查無', '未知'],
  },
  {
    names: ['ユーザ', '宛先', 'あて先', 'アドレス', 'アカウント', 'メールボックス', '受信者'],
    said: ['存在しま', '存在しない', 'なし', 'いません', '間違', '誤り', '見つかりません', '不明', '無効な', '登録されていません'],
    before: ['存在しない', '不明な', '無効な'],
  },
  {
    names: ['사용자', '수신자', '수신인', '계정', '주소', '편지함', '메일함'],
    said: ['존재하지', '찾을 수 없', '알 수 없', '없습니다', '유효하지', '잘못'],
    before: ['존재하지 않는', '알 수 없는', '없는', '잘못된'],
  },
].flatMap(inPairs);

/** The mailbox is full. */
export const FOREIGN_FULL: readonly string[] = [
  {
    names: ['postfach', 'mailbox', 'briefkasten', 'speicherplatz', 'quota', 'konto'],
    said: ['voll ', 'uberfullt', 'ueberfuellt', 'erschopft', 'erschoepft', 'uberschritten', 'ueberschritten', 'uberschreit'],
  },
  { names: ['boite', 'messagerie', 'compte', 'espace', 'quota', 'stockage'], said: ['plein', 'satur', 'depass', 'insuffisant', 'atteint'] },
  {
    names: ['buzon', 'casilla', 'cuenta', 'bandeja', 'espacio', 'almacenamiento', 'cuota'],
    said: ['llen', 'agotad', 'excedid', 'insuficiente', 'superad', 'sin espacio'],
  },
  {
    names: ['caixa', ' conta ', 'cota', 'espaco', 'armazenamento'],
    said: ['chei', 'excedid', 'excede', 'lotad', 'insuficiente', 'esgotad'],
  },
  { names: ['casella', 'quota', 'spazio'], said: ['pien', 'superat', 'superato', 'esaurit', 'insufficient'], before: ['superato'] },
  { names: ['postvak', 'mailbox', 'postbus', 'quotum'], said: [' vol ', 'overschred'] },
  { names: ['skrzynk', 'limit', 'quota'], said: ['pelna', 'przepeln', 'przekroczon'], before: ['przepeln'] },
  { names: ['schrank', 'kvot'], said: ['plna', 'preplnen', 'prekrocen'], before: ['plna'] },
  { names: ['brevlad', 'inkorg', 'postkasse', 'innboks', 'indbakke'], said: ['full', 'fuld', 'fylld'] },
  { names: ['postilaatikko'], said: ['taynna'] },
  { names: ['postafiok'], said: ['megtelt', 'betelt'] },
  { names: ['kutu', 'kota'], said: ['dolu', 'doldu', 'asildi'] },
  {
    names: ['ящик', 'квот', 'скриньк'],
    said: ['переполн', 'заполн', 'превыш', 'полон', 'перевищ'],
    before: ['недостаточно места', 'нет места'],
  },
  { names: ['邮箱', '郵箱', '信箱', '空间', '空間', '容量', '配额'], said: ['满', '滿', '不足', '超出', '超过', '已用完'] },
  { names: ['メールボックス', '受信箱', '容量', '受信トレイ'], said: ['いっぱい', '一杯', '満杯', '超え', '超過', 'オーバー', '不足'] },
  { names: ['메일함', '편지함', '사서함', '용량'], said: ['가득', '초과', '꽉', '부족'] },
].flatMap(inPairs);

/** The mailbox exists and takes no mail. */
export const FOREIGN_INACTIVE: readonly string[] = [
  {
    names: ['postfach', 'konto', 'benutzer', 'mailbox'],
    said: ['deaktiviert', 'gesperrt', 'stillgelegt', 'abgemeldet', 'inaktiv', 'geschlossen', 'gekundigt'],
    before: ['inaktive', 'gesperrte', 'deaktivierte'],
  },
  {
    names: ['compte', 'boite', 'utilisateur'],
    said: ['inactif', 'inactive', 'desactiv', 'suspendu', 'clotur', 'ferme', 'bloque', 'resili'],
  },
  {
    names: ['cuenta', 'buzon', 'casilla', 'usuario'],
    said: ['inactiv', 'desactivad', 'deshabilitad', 'suspendid', 'cancelad', 'bloquead', 'de baja', 'cerrada'],
  },
  { names: [' conta ', 'caixa', 'usuario'], said: ['inativ', 'desativad', 'suspens', 'cancelad', 'bloquead', 'encerrad'] },
  {
    names: ['casella', 'utente', 'indirizzo', 'account'],
    said: ['non attiv', 'disattiv', 'sospes', 'bloccat', 'inattiv', 'disabilitat', 'scadut', 'chius'],
  },
  {
    names: ['mailbox', 'gebruiker', 'postvak', 'account'],
    said: ['uitgeschakeld', 'geblokkeerd', 'gedeactiveerd', 'afgesloten', 'opgeheven'],
  },
  { names: ['konto', 'skrzynk'], said: ['zablokowan', 'nieaktywn', 'zawieszon', 'wylaczon', 'zamkniet'] },
  {
    names: ['аккаунт', 'ящик', 'учетн', 'пользовател'],
    said: ['заблокирован', 'отключ', 'деактивир', 'приостанов', 'не активен', 'неактив'],
  },
  { names: ['账户', '账号', '帐号', '帳號', '邮箱', '用户'], said: ['冻结', '停用', '禁用', '锁定', '注销', '过期', '凍結'] },
  { names: ['アカウント', 'メールボックス', 'ユーザ'], said: ['停止', '無効に', '凍結', '解約', '利用できません'] },
  { names: ['계정', '사용자'], said: ['정지', '휴면', '중지', '해지', '비활성'] },
].flatMap(inPairs);

/** The mailbox, of which a size may be told as well. */
export const FOREIGN_MAILBOX: readonly string[] = [
  'postfach',
  'boite',
  'buzon',
  'casilla',
  'caixa',
  'casella',
  'postvak',
  'skrzynk',
  'schrank',
  'ящик',
  '邮箱',
  '郵箱',
  '信箱',
  'メールボックス',
  '메일함',
];

/** The message is larger than what is taken. */
export const FOREIGN_TOO_BIG: readonly string[] = [
  { names: ['nachricht', ' mail ', 'grosse'], said: ['zu gross', 'uberschreit', 'ueberschreit', 'uberschritten'] },
  {
    names: ['taille du message', 'taille du courrier', 'message'],
    said: ['depass', 'trop volumineu', 'trop gros', 'trop grand', 'excede'],
  },
  { names: ['mensaje', 'tamano'], said: ['demasiado grande', 'excede', 'supera', 'excedid'] },
  { names: ['mensagem', 'tamanho'], said: ['muito grande', 'excede', 'ultrapassa', 'excedid'] },
  { names: ['messaggio', 'dimensione', 'dimensioni'], said: ['troppo grande', 'supera', 'eccede'] },
  { names: ['bericht', 'grootte'], said: ['te groot', 'overschrijdt', 'overschreden'] },
  { names: ['wiadomosc', 'rozmiar'], said: ['zbyt duz', 'za duz', 'przekracz'] },
  { names: ['zprava', 'velikost'], said: ['prilis velk', 'prekracuje', 'prekrocen'] },
  { names: ['размер', 'сообщени', 'письмо'], said: ['превыша', 'превышен', 'слишком больш'] },
  { names: ['邮件', '郵件', '大小'], said: ['过大', '過大', '太大', '超过', '超出', '超過'] },
  { names: ['サイズ'], said: ['超え', '超過', '大きすぎ', '制限'] },
  { names: ['크기'], said: ['초과', '큽니다'] },
].flatMap(inPairs);
