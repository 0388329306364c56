/** The pages in Japanese. */
import type { PageMessages } from './en.js'

export const ja: PageMessages = {
  signInFirst: '先にログインしてください',
  signInFirstText: 'このページはログイン後にご利用いただけます。',
  signIn: 'ログイン',
  signOut: 'ログアウト',
  goOn: '続ける',
  goBack: '戻る',

  challengeTitle: 'ご本人確認',
  challengeText: '認証アプリに現在表示されているコードを入力してください。',
  code: 'コード',
  backupCode: 'バックアップコード',
  backupCodeText: '保存しておいたバックアップコードを 1 つ入力してください。各コードは 1 回だけ使えます。',
  trustBrowser: 'このブラウザを {duration}間信頼する',
  trustBrowserText: 'ご自身のデバイスでのみ選択してください。',
  useBackupCode: 'バックアップコードを使う',
  useAuthenticator: '認証アプリを使う',

  setupTitle: '認証アプリの設定',
  setupText:
    '設定すると、ログイン時に認証アプリのコードが必要になります。パスワードが盗まれても、それだけではログインできません。',
  setupShowCode:
    'まず、設定済みの認証アプリのコードまたはバックアップコードで、ご本人であることを確認してください。',
  scan: 'この QR コードをアプリでスキャンしてください。',
  qrCode: '下に記載されたキーの QR コード',
  typeKey: 'スキャンできない場合は、次のキーをアプリに入力してください。',
  openApp: 'このデバイスの認証アプリを開く',
  copy: 'コピー',
  copied: 'コピーしました',
  deviceName: 'デバイスの名前（省略可）',
  deviceNameText: 'デバイスを見分けるための名前です（例：「自分のスマホ」）。',
  firstCode: 'アプリに現在表示されているコード',
  confirm: '確認',
  startAgain: '最初からやり直す',

  codesTitle: 'バックアップコードを保存してください',
  codesText:
    '認証アプリが手元にないときは、これらのコードでログインできます。各コードは 1 回だけ使えます。コードは再表示されません。',
  oldCodesText: '新しいコードの保存を確認するまでは、以前のコードを使えます。',
  download: 'ダウンロード',
  print: '印刷',
  haveSaved: 'コードを保存しました',
  codesFile: 'backup-codes.txt',

  manageTitle: '2 段階認証',
  manageOff:
    '現在オフです。オンにすると、ログイン時にパスワードに加えて、スマートフォンのアプリのコードが必要になります。',
  turnOn: 'オンにする',
  authenticators: '認証アプリ',
  addAuthenticator: '別の認証アプリを追加',
  added: '追加日: {date}',
  lastUsed: '最終使用日: {date}',
  disabled:
    '間違ったコードが何度も入力されたため、無効になりました。削除してから、もう一度追加してください。',
  weak: 'キーが短めです。このデバイスをもう一度追加すると、より長いキーになります。',
  rename: '名前を変更',
  newName: '新しい名前',
  save: '保存',
  remove: '削除',
  removeText: '「{name}」のコードは使えなくなります。',
  removeLastText: '登録されている認証アプリはこれだけです。削除すると、2 段階認証はオフになります。',
  backupCodes: 'バックアップコード',
  backupCodesLeft: '残り {remaining} 個（全 {total} 個）',
  backupCodesNone:
    'コードが残っていません。スマートフォンがなくてもログインできるように、新しいコードを作成してください。',
  newBackupCodes: '新しいコードを作成',
  trustedBrowsers: '信頼済みのブラウザ',
  trustedBrowsersText: '表示されている日まで、コードの入力は不要です。',
  noTrustedBrowsers: '信頼済みのブラウザはありません。',
  thisBrowser: 'このブラウザ',
  trustedUntil: '{date}まで',
  browserOn: '{system} の {browser}',
  forget: '信頼を解除',
  forgetAll: 'すべての信頼を解除',
  turnOff: 'オフにする',
  turnOffText:
    '認証アプリ、バックアップコード、信頼済みのブラウザの登録がすべて削除されます。以後はパスワードだけでログインできます。',
  codeToConfirm: '認証アプリのコードまたはバックアップコード',

  alreadyOn:
    '2 段階認証はオンです。バックアップコードを保存していない場合は、新しいコードを作成してください。',
  renamed: '新しい名前を保存しました。',
  removed: '認証アプリを削除しました。',
  codesReplaced: '新しいバックアップコードが有効になりました。以前のコードは使えません。',
  forgotten: '信頼を解除しました。次回からコードの入力が必要です。',
  turnedOff: '2 段階認証はオフです。',

  wrongCode:
    'このコードは使えません。アプリに現在表示されているコードを入力してください。各コードは 1 回だけ使えます。',
  wrongBackupCode:
    'このバックアップコードは使えません。入力に間違いがないか確認してください。各コードは 1 回だけ使えます。',
  notACode: 'アプリに表示されている数字、またはバックアップコードを入力してください。',
  notAFirstCode: 'アプリに表示されている数字を入力してください。',
  codeNeeded: 'ご本人確認のため、コードを入力してください。',
  locked: '間違ったコードが何度も入力されました。{duration}後にもう一度お試しください。',
  lockOver: 'もう一度お試しいただけます。',
  authenticatorDisabled:
    '間違ったコードが何度も入力されたため、認証アプリが無効になりました。バックアップコードを使ってください。',
  enrolmentExpired: '時間切れになりました。新しい QR コードで最初からやり直してください。',
  tooManyAuthenticators: '認証アプリの数が上限に達しています。先に 1 つ削除してください。',
  notAName: '名前を 1〜64 文字で入力してください。',
  notFound: 'この項目はすでに存在しません。',
  codesExpired: '時間内にコードの保存が確認されませんでした。以前のコードは引き続き使えます。',
  otherSite: '別のサイトから送信されたリクエストのため、処理しませんでした。',
  unavailable: '現在この操作を行えません。しばらくしてからもう一度お試しください。',
  failed: '操作を完了できませんでした。変更は行われていません。',
}
