/** The pages in German. */
import type { PageMessages } from './en.js'

export const de: PageMessages = {
  signInFirst: 'Bitte zuerst anmelden',
  signInFirstText: 'Diese Seite ist nur für angemeldete Personen.',
  signIn: 'Anmelden',
  signOut: 'Abmelden',
  goOn: 'Weiter',
  goBack: 'Zurück',

  challengeTitle: 'Bestätigen Sie, dass Sie es sind',
  challengeText: 'Geben Sie den Code ein, den Ihre Authentifizierungs-App gerade anzeigt.',
  code: 'Code',
  backupCode: 'Backup-Code',
  backupCodeText: 'Geben Sie einen Ihrer gespeicherten Backup-Codes ein. Jeder gilt nur einmal.',
  trustBrowser: 'Diesem Browser {duration} lang vertrauen',
  trustBrowserText: 'Nur auf Ihrem eigenen Gerät.',
  useBackupCode: 'Backup-Code verwenden',
  useAuthenticator: 'Authentifizierungs-App verwenden',

  setupTitle: 'Authentifizierungs-App einrichten',
  setupText:
    'Danach brauchen Sie zum Anmelden auch einen Code aus der App. Ein gestohlenes Passwort allein reicht dann nicht mehr aus.',
  setupShowCode:
    'Bestätigen Sie zuerst, dass Sie es sind: mit einem Code aus einer bereits eingerichteten App oder mit einem Backup-Code.',
  scan: 'Scannen Sie diesen QR-Code mit der App.',
  qrCode: 'QR-Code des unten stehenden Schlüssels',
  typeKey: 'Wenn Sie ihn nicht scannen können, geben Sie in der App diesen Schlüssel ein:',
  openApp: 'Authentifizierungs-App auf diesem Gerät öffnen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  deviceName: 'Name des Geräts (optional)',
  deviceNameText: 'Damit Sie Ihre Geräte unterscheiden können, zum Beispiel „Mein Handy“.',
  firstCode: 'Code, den die App gerade anzeigt',
  confirm: 'Bestätigen',
  startAgain: 'Neu beginnen',

  codesTitle: 'Speichern Sie Ihre Backup-Codes',
  codesText:
    'Mit jedem dieser Codes können Sie sich einmal anmelden, wenn Sie die App nicht zur Hand haben. Die Codes werden nicht noch einmal angezeigt.',
  oldCodesText: 'Ihre alten Codes gelten, bis Sie bestätigen, dass Sie diese gespeichert haben.',
  download: 'Herunterladen',
  print: 'Drucken',
  haveSaved: 'Ich habe diese Codes gespeichert',
  codesFile: 'backup-codes.txt',

  manageTitle: 'Zwei-Schritt-Anmeldung',
  manageOff:
    'Sie ist ausgeschaltet. Ist sie eingeschaltet, brauchen Sie zum Anmelden neben Ihrem Passwort einen Code aus einer App auf Ihrem Handy.',
  turnOn: 'Einschalten',
  authenticators: 'Authentifizierungs-Apps',
  addAuthenticator: 'Weitere hinzufügen',
  added: 'Hinzugefügt am {date}',
  lastUsed: 'zuletzt verwendet am {date}',
  disabled: 'Nach zu vielen falschen Codes gesperrt. Entfernen Sie diese App und fügen Sie sie neu hinzu.',
  weak: 'Der Schlüssel ist kurz. Fügen Sie dieses Gerät neu hinzu, um einen längeren zu erhalten.',
  rename: 'Umbenennen',
  newName: 'Neuer Name',
  save: 'Speichern',
  remove: 'Entfernen',
  removeText: 'Codes von {name} gelten dann nicht mehr.',
  removeLastText:
    'Es ist Ihre einzige App: Wenn Sie sie entfernen, wird die Zwei-Schritt-Anmeldung ausgeschaltet.',
  backupCodes: 'Backup-Codes',
  backupCodesLeft: '{remaining} von {total} übrig',
  backupCodesNone:
    'Sie haben keine mehr. Erstellen Sie neue, damit Sie sich auch ohne Ihr Handy anmelden können.',
  newBackupCodes: 'Neue Codes erstellen',
  trustedBrowsers: 'Vertrauenswürdige Browser',
  trustedBrowsersText: 'In diesen Browsern werden Sie bis zum angegebenen Tag nicht nach einem Code gefragt.',
  noTrustedBrowsers: 'Keine vorhanden.',
  thisBrowser: 'dieser Browser',
  trustedUntil: 'Bis zum {date}',
  browserOn: '{browser} auf {system}',
  forget: 'Nicht mehr vertrauen',
  forgetAll: 'Keinem mehr vertrauen',
  turnOff: 'Ausschalten',
  turnOffText:
    'Authentifizierungs-Apps, Backup-Codes und vertrauenswürdige Browser werden hier gelöscht. Zum Anmelden genügt dann Ihr Passwort.',
  codeToConfirm: 'Code aus Ihrer App oder ein Backup-Code',

  alreadyOn:
    'Die Zwei-Schritt-Anmeldung ist eingeschaltet. Falls Sie Ihre Backup-Codes nicht gespeichert haben, erstellen Sie neue.',
  renamed: 'Der neue Name wurde gespeichert.',
  removed: 'Die Authentifizierungs-App wurde entfernt.',
  codesReplaced: 'Ihre neuen Backup-Codes gelten jetzt, die alten nicht mehr.',
  forgotten: 'Das Vertrauen ist aufgehoben. Beim Anmelden wird wieder nach einem Code gefragt.',
  turnedOff: 'Die Zwei-Schritt-Anmeldung ist ausgeschaltet.',

  wrongCode:
    'Dieser Code ist ungültig. Geben Sie den Code ein, den die App gerade anzeigt. Jeder gilt nur einmal.',
  wrongBackupCode: 'Dieser Backup-Code ist ungültig. Prüfen Sie ihn auf Tippfehler. Jeder gilt nur einmal.',
  notACode: 'Geben Sie die Ziffern aus der App oder einen Ihrer Backup-Codes ein.',
  notAFirstCode: 'Geben Sie die Ziffern ein, die die App anzeigt.',
  codeNeeded: 'Geben Sie einen Code ein, um zu bestätigen, dass Sie es sind.',
  locked: 'Zu viele falsche Codes. Bitte warten Sie {duration} und versuchen Sie es dann erneut.',
  lockOver: 'Sie können es jetzt erneut versuchen.',
  authenticatorDisabled:
    'Ihre Authentifizierungs-App wurde nach zu vielen falschen Codes gesperrt. Verwenden Sie einen Backup-Code.',
  enrolmentExpired: 'Das hat zu lange gedauert. Beginnen Sie noch einmal mit einem neuen QR-Code.',
  tooManyAuthenticators: 'Mehr Authentifizierungs-Apps sind nicht möglich. Entfernen Sie zuerst eine.',
  notAName: 'Geben Sie einen Namen mit 1 bis 64 Zeichen ein.',
  notFound: 'Dieser Eintrag ist nicht mehr vorhanden.',
  codesExpired: 'Diese Codes wurden nicht rechtzeitig bestätigt. Ihre alten gelten weiterhin.',
  otherSite: 'Diese Anfrage kam von einer anderen Website und wurde deshalb nicht ausgeführt.',
  unavailable: 'Das ist gerade nicht möglich. Versuchen Sie es gleich noch einmal.',
  failed: 'Das hat nicht funktioniert. Es wurde nichts geändert.',
}
