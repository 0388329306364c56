/** The pages in French. */
import type { PageMessages } from './en.js'

export const fr: PageMessages = {
  signInFirst: 'Connectez-vous d’abord',
  signInFirstText: 'Cette page est réservée aux personnes connectées.',
  signIn: 'Se connecter',
  signOut: 'Se déconnecter',
  goOn: 'Continuer',
  goBack: 'Retour',

  challengeTitle: 'Confirmez votre identité',
  challengeText: 'Saisissez le code affiché en ce moment par votre application d’authentification.',
  code: 'Code',
  backupCode: 'Code de secours',
  backupCodeText:
    'Saisissez l’un des codes de secours que vous avez enregistrés. Chacun ne fonctionne qu’une fois.',
  trustBrowser: 'Faire confiance à ce navigateur pendant {duration}',
  trustBrowserText: 'Uniquement sur un appareil qui vous appartient.',
  useBackupCode: 'Utiliser un code de secours',
  useAuthenticator: 'Utiliser l’application d’authentification',

  setupTitle: 'Configurer une application d’authentification',
  setupText:
    'Un code de l’application sera ensuite demandé à la connexion : un mot de passe volé ne suffira plus.',
  setupShowCode:
    'Confirmez d’abord votre identité avec un code d’une application déjà configurée ou un code de secours.',
  scan: 'Scannez ce code QR avec l’application.',
  qrCode: 'Code QR de la clé indiquée ci-dessous',
  typeKey: 'Si vous ne pouvez pas le scanner, saisissez cette clé dans l’application :',
  openApp: 'Ouvrir une application d’authentification sur cet appareil',
  copy: 'Copier',
  copied: 'Copié',
  deviceName: 'Nom de l’appareil (facultatif)',
  deviceNameText: 'Pour distinguer vos appareils, par exemple « Mon téléphone ».',
  firstCode: 'Code affiché en ce moment par l’application',
  confirm: 'Confirmer',
  startAgain: 'Recommencer',

  codesTitle: 'Enregistrez vos codes de secours',
  codesText:
    'Chacun de ces codes vous permet de vous connecter une fois si vous n’avez pas l’application. Ils ne seront plus affichés.',
  oldCodesText:
    'Vos anciens codes restent valables tant que vous n’avez pas confirmé avoir enregistré ceux-ci.',
  download: 'Télécharger',
  print: 'Imprimer',
  haveSaved: 'J’ai enregistré ces codes',
  codesFile: 'codes-de-secours.txt',

  manageTitle: 'Vérification en deux étapes',
  manageOff:
    'Elle est désactivée. Une fois activée, elle demande à la connexion, en plus de votre mot de passe, un code fourni par une application sur votre téléphone.',
  turnOn: 'Activer',
  authenticators: 'Applications d’authentification',
  addAuthenticator: 'Ajouter une autre application',
  added: 'Ajoutée le {date}',
  lastUsed: 'dernière utilisation le {date}',
  disabled: 'Bloquée après trop de codes incorrects. Supprimez-la, puis ajoutez-la de nouveau.',
  weak: 'Sa clé est courte. Ajoutez de nouveau cet appareil pour en obtenir une plus longue.',
  rename: 'Renommer',
  newName: 'Nouveau nom',
  save: 'Enregistrer',
  remove: 'Supprimer',
  removeText: 'Les codes fournis par {name} ne fonctionneront plus.',
  removeLastText: 'C’est la seule que vous ayez : la supprimer désactive la vérification en deux étapes.',
  backupCodes: 'Codes de secours',
  backupCodesLeft: 'Codes restants : {remaining} sur {total}',
  backupCodesNone:
    'Il ne vous en reste aucun. Créez-en de nouveaux pour pouvoir vous connecter sans votre téléphone.',
  newBackupCodes: 'Créer de nouveaux codes',
  trustedBrowsers: 'Navigateurs de confiance',
  trustedBrowsersText: 'Aucun code n’y est demandé jusqu’à la date indiquée.',
  noTrustedBrowsers: 'Il n’y en a aucun.',
  thisBrowser: 'ce navigateur',
  trustedUntil: 'Jusqu’au {date}',
  browserOn: '{browser} sur {system}',
  forget: 'Ne plus faire confiance',
  forgetAll: 'Ne plus faire confiance à aucun navigateur',
  turnOff: 'Désactiver',
  turnOffText:
    'Les applications d’authentification, les codes de secours et les navigateurs de confiance seront oubliés. Votre mot de passe suffira alors pour vous connecter.',
  codeToConfirm: 'Code de votre application ou code de secours',

  alreadyOn:
    'La vérification en deux étapes est activée. Si vous n’avez pas enregistré vos codes de secours, créez-en de nouveaux.',
  renamed: 'Le nouveau nom a été enregistré.',
  removed: 'L’application d’authentification a été supprimée.',
  codesReplaced: 'Vos nouveaux codes de secours sont valables, les anciens ne le sont plus.',
  forgotten: 'Confiance retirée : un code sera de nouveau demandé à la connexion.',
  turnedOff: 'La vérification en deux étapes est désactivée.',

  wrongCode:
    'Ce code ne fonctionne pas. Saisissez celui que l’application affiche en ce moment ; chacun ne sert qu’une fois.',
  wrongBackupCode:
    'Ce code de secours ne fonctionne pas. Vérifiez votre saisie ; chacun ne sert qu’une fois.',
  notACode: 'Saisissez les chiffres affichés par l’application ou l’un de vos codes de secours.',
  notAFirstCode: 'Saisissez les chiffres affichés par l’application.',
  codeNeeded: 'Saisissez un code pour confirmer votre identité.',
  locked: 'Trop de codes incorrects. Réessayez dans {duration}.',
  lockOver: 'Vous pouvez réessayer maintenant.',
  authenticatorDisabled:
    'Votre application d’authentification a été bloquée après trop de codes incorrects. Utilisez un code de secours.',
  enrolmentExpired: 'Le délai est dépassé. Recommencez avec un nouveau code QR.',
  tooManyAuthenticators:
    'Vous avez atteint le nombre maximal d’applications d’authentification. Supprimez-en une d’abord.',
  notAName: 'Saisissez un nom de 1 à 64 caractères.',
  notFound: 'Cet élément n’existe plus.',
  codesExpired: 'Ces codes n’ont pas été confirmés à temps. Les anciens restent valables.',
  otherSite: 'Cette demande provenait d’un autre site : rien n’a été fait.',
  unavailable: 'Cette opération est impossible pour le moment. Réessayez dans un instant.',
  failed: 'L’opération a échoué. Rien n’a été modifié.',
}
