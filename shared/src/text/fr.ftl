# Français. Tous les messages que les gens voient, dans Slack et sur le Web.
#
# Typographie : espace fine insécable (U+202F) devant ; ! ?, espace insécable (U+00A0) devant
# les deux-points et à l’intérieur des guillemets. Un test y veille.

## L’application Slack elle-même

manifest-description = Envoyer un secret par un lien qui s’ouvre une seule fois et ne laisse rien derrière lui
manifest-command = Envoyer un secret par un lien qui s’ouvre une seule fois
manifest-hint = [@personne] [15m|1h|4h|24h]

## Durées

minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}

hours-minutes = { $hours } et { $minutes }

## La boîte de dialogue

modal-title = Envoyer un secret
modal-submit = Envoyer
modal-close = Annuler
modal-recipient = Destinataire
modal-recipient-placeholder = Choisissez une personne
modal-secret = Secret
modal-secret-placeholder = Un mot de passe, une clé, un code…
modal-secret-hint = Il s’affiche une seule fois, exactement comme saisi ici. Il n’est jamais publié dans Slack.
modal-room = Il y a de la place pour { $limit } caractères ; « { modal-more-room } » ajoute un champ.
modal-room-end = Il y a de la place pour { $limit } caractères, et c’est le dernier champ : { $total } en tout.
modal-more-room = Plus de place
modal-secret-continued = Secret, partie { $number }
modal-secret-continued-hint = La suite, exactement là où finit le champ précédent.
modal-note = Note
modal-note-placeholder = À quoi il sert. Pas secrète : elle paraît dans le message, et peut-être dans sa notification
modal-lifetime = Le lien fonctionne pendant
modal-recorded = Ce qui est noté : qui envoie un secret à qui et quand et, à l’ouverture, l’heure, l’adresse réseau et le navigateur. Jamais le secret lui-même.
modal-held = Les messages ne peuvent pas partir en ce moment : Slack n’en accepte aucun de cette application. Signalez-le à votre équipe informatique : « { $code } ». Ce que vous envoyez maintenant attend, et partira tout seul une fois le problème réglé, à moins que son délai soit alors écoulé.
modal-untold = Nous n’avons pas pu vous le dire plus tôt :

## Ce qui suivait la commande sans être utilisé ; au-dessus du formulaire, une ligne par sorte

unused-people = Vous avez nommé plus d’une personne. Un secret ne va qu’à une seule personne : personne n’est encore choisi.
unused-unshown = Slack ne permet pas d’inscrire ici la personne que vous avez nommée. Choisissez à qui va le secret.
unused-group = Un groupe n’a pas été utilisé : un secret ne va qu’à une seule personne.
unused-everybody = @here ou semblable n’a pas été utilisé : un secret ne va qu’à une seule personne.
unused-channel = Un canal n’a pas été utilisé : un secret ne va qu’à une seule personne.
unused-email = Une adresse de courriel n’a pas été utilisée. Choisissez la personne ci-dessous.
unused-name = Un nom avec @ n’a pas été utilisé : Slack ne connaît personne de ce nom. Choisissez la personne ci-dessous.
unused-second-time = Une deuxième durée n’a pas été utilisée : la première est choisie ci-dessous.
unused-no-such-time = Cette durée n’existe pas. Un lien fonctionne pendant 15 minutes, 1 heure, 4 heures ou 24 heures (15m, 1h, 4h ou 24h).
unused-words = D’autres mots après la commande n’ont pas été utilisés : on ne peut y mettre qu’une personne et une durée (15m, 1h, 4h ou 24h).
unused-maybe-secret = Si c’était un secret, changez-le, et saisissez le nouveau dans la boîte de dialogue : ce qui suit la commande n’est pas protégé.

## Erreurs dans la boîte de dialogue, à côté du champ

recipient-missing = Choisissez à qui va le secret.
recipient-is-bot = C’est une application. Choisissez une personne.
recipient-is-slackbot = Slackbot ne peut pas ouvrir de secret. Choisissez une personne.
recipient-deactivated = Ce compte est désactivé. Choisissez quelqu’un d’autre.
recipient-external = Cette personne fait partie d’une autre organisation. Les secrets restent dans la vôtre. Choisissez quelqu’un d’autre, ou demandez à votre équipe informatique si cela peut être permis.
recipient-guest = Cette personne est invitée dans Slack. Ici, les secrets ne vont pas aux invités : choisissez un membre.
recipient-is-self = C’est vous. Choisissez quelqu’un d’autre.
recipient-unknown = Slack ne montre pas cette personne à cette application : son compte n’existe peut-être plus, ou lui est inaccessible. Choisissez quelqu’un d’autre. Si elle utilise bien Slack, demandez à votre équipe informatique.
secret-empty = Saisissez le secret ici.
secret-blank = Il n’y a rien de visible ici, seulement des espaces, des fins de ligne ou des caractères invisibles. Saisissez le secret.
secret-nul = Il contient un caractère invisible qu’aucune page ne peut afficher (NUL), comme ce qui est copié de certains programmes ou fichiers. Saisissez-le vous-même, ou copiez-le en texte brut, par exemple en passant par un éditeur de texte.
secret-too-long = Cela fait { $chars } caractères ; il y a de la place ici pour { $limit }. Appuyez sur « { modal-more-room } », et mettez le reste dans un autre champ.
secret-too-long-last = Cela fait { $chars } caractères ; il y a de la place ici pour { $limit }. Il n’y a pas plus de quatre champs, et { $total } caractères en tout sont la limite. Envoyez en plusieurs fois ce qui est plus long.
note-nul = Elle contient un caractère invisible qui ne peut pas être affiché (NUL), comme ce qui est copié de certains programmes ou fichiers. Saisissez la note vous-même.
note-too-long = Cela fait { $chars } caractères ; il y a de la place pour { $limit }. Raccourcissez la note.
lifetime-missing = Choisissez combien de temps le lien fonctionne.
submission-unconfirmed = Nous n’avons pas pu confirmer l’envoi à temps. Si vous recevez un accusé, c’est envoyé. Sinon, appuyez de nouveau sur « { modal-submit } » : rien ne part deux fois.
submission-unavailable = Le secret n’a pas pu être enregistré, et rien n’a été envoyé. Appuyez de nouveau sur « { modal-submit } » dans un instant. Si cela persiste, signalez-le à votre équipe informatique.
submission-busy = Il y a trop d’activité en ce moment, et rien n’a été envoyé. Appuyez de nouveau sur « { modal-submit } » dans un instant.
submission-foreign = Rien n’a été envoyé : un autre programme que celui qui répond maintenant a ouvert cette fenêtre. À moins de recevoir un accusé, copiez ce que vous avez saisi, fermez la fenêtre, puis tapez la commande de nouveau. Si cela se répète, signalez-le à votre équipe informatique.
submission-unreadable = Cette boîte de dialogue est revenue sous une forme qui n’est pas lisible ici, et rien n’a été envoyé. Ce que vous avez saisi s’y trouve toujours : copiez ce qu’il vous faut avant de la fermer, et demandez à votre équipe informatique.
field-unreadable = Ce champ est revenu sous une forme qui n’est pas lisible ici, comme avec la moitié d’un émoji, et rien n’a été envoyé. Ce que vous avez saisi s’y trouve toujours : saisissez-le à neuf, ou demandez à votre équipe informatique.

## Une boîte de dialogue déjà envoyée

already-sent-title = Déjà envoyé
already-sent-text = Cette boîte de dialogue a déjà été envoyée : à { $recipient }, le { $when }. Rien de nouveau n’est parti, quoi que vous ayez changé depuis. Pour envoyer autre chose, utilisez de nouveau la commande.
already-sent-waiting = Ce n’est pas encore remis. Les essais continuent jusqu’au { $until }.
already-sent-delivered = { $recipient } a reçu le lien et ne l’a pas encore ouvert. Il fonctionne jusqu’au { $until }.
already-sent-opened = Le secret a été ouvert le { $when }, puis détruit.
already-sent-unopened = Le secret n’a pas été ouvert à temps, et a été détruit le { $when }.
already-sent-failed = Le secret n’a pas pu être remis, et a été détruit. Personne ne l’a vu.
already-sent-withdrawn = Le secret a été détruit le { $when }. Personne ne l’a vu.
already-sent-close = Fermer

## Quand la boîte de dialogue ne peut pas s’ouvrir

command-failed = La boîte de dialogue n’a pas pu s’ouvrir. Veuillez taper de nouveau la commande. Si cela persiste, signalez-le à votre équipe informatique.
command-unconfirmed = Slack n’a pas dit si la boîte de dialogue s’est ouverte. Si ce n’est pas le cas, veuillez taper de nouveau la commande.
command-without-name = La boîte de dialogue n’a pas pu s’ouvrir avec la personne que vous avez nommée. Tapez { $command } sans rien d’autre, et choisissez la personne dans la boîte de dialogue.
command-help = { $command } envoie un secret à un ou une collègue, par un lien qui s’ouvre une seule fois. Tapez la commande sans rien d’autre, ou avec une personne et une durée : { $example }. Les durées sont 15m, 1h, 4h et 24h. Une boîte de dialogue s’ouvre, et c’est là que va le secret : ne l’écrivez jamais après la commande.
more-room-title = Pas de nouveau champ
more-room-failed = Slack n’a pas ajouté de champ à l’instant. Ce que vous avez saisi est toujours dans la boîte de dialogue : revenez-y et, s’il n’y a pas de nouveau champ, appuyez de nouveau sur « { modal-more-room } ».
command-busy = Il y a trop d’activité en ce moment. Veuillez taper de nouveau la commande dans un instant.
command-unreadable = Slack a transmis votre commande sous une forme qui n’est pas lisible ici, et rien n’a été fait. Veuillez réessayer. Si cela se répète, signalez-le à votre équipe informatique.
press-unreadable = Slack a transmis votre clic sous une forme qui n’est pas lisible ici. Si rien ne s’est produit, signalez-le à votre équipe informatique.

## Le message au destinataire

message-lead = { $sender } vous a envoyé un secret.
message-terms = Il s’ouvre une seule fois, d’ici { $lifetime } (jusqu’au { $until }). Ensuite, il ne reste rien.
message-terms-late = Il s’ouvre une seule fois, dans le temps qui reste : { $left } (jusqu’au { $until }). Ensuite, il ne reste rien.
message-again = Slack n’a pas dit si un message précédent au sujet de ce secret est arrivé. S’il y en a un plus haut, les deux mènent au même secret : il s’ouvre une seule fois.
message-note = Note de { $sender } :
message-button = Ouvrir le secret
message-caution = Vous ne l’attendiez pas ? Demandez à { $sender } avant d’ouvrir.

## Le message au destinataire, une fois le secret disparu

message-opened = Ce secret a été ouvert le { $when }, puis détruit. Si vous l’avez ouvert sans rien voir, demandez à { $sender } de le renvoyer. Si vous ne l’avez pas ouvert, prévenez { $sender } tout de suite : quelqu’un d’autre l’a fait.
message-expired = Personne n’a ouvert ce secret à temps : il a été détruit sans être vu le { $when }. Demandez à { $sender } de le renvoyer.
message-withdrawn = Ce secret a été détruit sans être vu le { $when }. Demandez à { $sender } de le renvoyer si vous en avez encore besoin.
message-ended = Il a été mis fin à ce secret le { $when } : il ne peut plus être ouvert. Demandez à { $sender } de le renvoyer si vous en avez encore besoin.
message-disputed = Vous avez dit que ce n’est pas vous qui l’avez ouvert. { $sender } a été prévenu, pour pouvoir le changer.
message-taken-back = { $sender } a repris ce secret le { $when }, avant que quiconque l’ouvre. Si vous en avez encore besoin, demandez à { $sender }.
reminder = { $recipient } Le secret ci-dessus n’a pas encore été ouvert. Il peut l’être jusqu’au { $until } ; ensuite, il n’en restera rien.

## L’accusé à l’expéditeur

receipt-waiting = Votre secret pour { $recipient } n’est pas encore remis. Les essais continuent jusqu’au { $until }.
waiting-held = Slack n’accepte aucun message de cette application en ce moment. Signalez-le à votre équipe informatique : « { $code } ». Une fois le problème réglé, le secret partira tout seul.
waiting-refused = Slack refuse le message en ce moment. Il n’y a rien à faire pour l’instant ; si cela dure, signalez « { $code } » à votre équipe informatique.
waiting-unreached = Slack ne peut pas être joint en ce moment, ou connaît lui-même des difficultés. Il n’y a rien à faire.
waiting-where = La suite figurera dans les messages de cette application. Si rien ne peut y arriver, la boîte de dialogue vous le dira à votre prochaine commande.
receipt-delivered = { $recipient } a reçu le lien vers votre secret. Il s’ouvre une seule fois, jusqu’au { $until }.
receipt-delivered-button = { $recipient } a reçu le message avec le bouton qui ouvre votre secret. Il s’ouvre une seule fois, jusqu’au { $until }.
receipt-opened = Votre secret pour { $recipient } a été ouvert le { $when }, puis détruit.
receipt-reused = { $count ->
    [one] Depuis, son lien a été visité encore une fois, le { $when } ; rien n’a été affiché. Si { $recipient } dit ne pas l’avoir ouvert avant, quelqu’un d’autre l’a fait : changez le secret tout de suite, et prévenez votre équipe informatique.
   *[other] Depuis, son lien a été visité { $count } autres fois, la dernière le { $when } ; rien n’a été affiché. Si { $recipient } dit ne pas l’avoir ouvert avant, quelqu’un d’autre l’a fait : changez le secret tout de suite, et prévenez votre équipe informatique.
}
receipt-reused-after-loss = { $count ->
    [one] Depuis, son lien a été visité encore une fois, le { $when } ; rien n’a été affiché. Quand la page n’est pas arrivée, on revient. Si ce n’était pas { $recipient }, changez le secret tout de suite, et prévenez votre équipe informatique.
   *[other] Depuis, son lien a été visité { $count } autres fois, la dernière le { $when } ; rien n’a été affiché. Quand la page n’est pas arrivée, on revient. Si ce n’était pas { $recipient }, changez le secret tout de suite, et prévenez votre équipe informatique.
}
receipt-repeated = La page qui l’a ouvert a été renvoyée à l’instant d’après, par le même navigateur : cela arrive si l’on appuie deux fois ou si la connexion est lente. Rien n’a été affiché de nouveau. Si { $recipient } n’a rien vu, veuillez renvoyer le secret.
receipt-lost = La page qui l’affichait n’est peut-être pas arrivée : sa connexion a été coupée avant. Si { $recipient } n’a rien vu, veuillez renvoyer le secret.
receipt-typographic = Il contient des caractères qu’un téléphone, un Mac ou un logiciel de texte a peut-être insérés de lui-même, comme des guillemets courbes, des tirets longs, des espaces spéciales ou des caractères invisibles. Il est transmis exactement comme saisi : s’il ne fonctionne pas pour { $recipient }, c’est peut-être la raison.
receipt-unopened = Votre secret pour { $recipient } n’a pas été ouvert à temps, et a été détruit le { $when }. Personne ne l’a vu.
receipt-withdrawn = Votre secret pour { $recipient } a été détruit le { $when }. Personne ne l’a vu.
receipt-disputed = { $recipient } dit ne pas l’avoir ouvert : changez le secret tout de suite, et prévenez votre équipe informatique.
receipt-dispute-withdrawn = { $recipient } a dit ne pas l’avoir ouvert, puis que c’était bien lui ou elle.
receipt-taken-back = Vous avez repris votre secret pour { $recipient } le { $when }. Personne ne l’a vu, et aucun lien ne l’ouvre plus.
receipt-ended-by-operator = Votre équipe informatique a mis fin à votre secret pour { $recipient } le { $when } : il ne peut plus être ouvert. S’il est encore utile, veuillez le renvoyer.
receipt-conflict = Votre secret pour { $recipient } a été détruit le { $when } et ne peut plus être ouvert : le journal en indiquait déjà la fin, comme après la restauration d’une sauvegarde. S’il est encore utile, veuillez le renvoyer. Votre équipe informatique peut en dire plus.
receipt-failed = Votre secret pour { $recipient } n’a pas pu être remis, et a été détruit. Personne ne l’a vu.
receipt-expired = Votre secret pour { $recipient } n’a pas pu être remis à temps, et a été détruit. Personne ne l’a vu.
failure-user-not-found = Slack ne montre pas cette personne à cette application : son compte n’existe peut-être plus, ou lui est inaccessible. Si elle utilise bien Slack, demandez à votre équipe informatique ; d’ici là, transmettez-lui le secret d’une autre façon.
failure-user-disabled = Ce compte est désactivé. Si quelqu’un a pris la relève de cette personne, envoyez-lui le secret.
failure-cannot-dm-bot = Slack ne laisse aucune application écrire à ce compte, comme celui d’une application ou de certaines personnes d’autres organisations. Envoyez le secret à un autre compte de cette personne, ou transmettez-le-lui d’une autre façon.
failure-external = Cette personne fait partie d’une autre organisation, et les secrets restent dans la vôtre. Demandez à votre équipe informatique si cela peut être permis.
failure-guest = Cette personne est invitée dans Slack, et les secrets ne vont pas aux invités ici. Choisissez un membre, ou demandez à votre équipe informatique si cela peut être permis.
failure-oneself = C’est vous. Ici, on ne peut pas s’envoyer de secret à soi-même : choisissez quelqu’un d’autre.
failure-refused = Slack a refusé le message. Si cela se répète, signalez-le à votre équipe informatique.
failure-refused-with = Slack a refusé le message. Le renvoyer n’y changera rien tant que le problème n’est pas réglé : signalez « { $code } » à votre équipe informatique.
failure-expired = Slack n’a pas pu être joint à temps, ou connaissait lui-même des difficultés. Veuillez renvoyer le secret.
failure-expired-refused = Slack l’a refusé jusqu’à la fin du délai. Le renvoyer ne servira qu’une fois le problème réglé : signalez « { $code } » à votre équipe informatique.
failure-unsealable = Le lien en attente n’a plus pu être lu. Veuillez renvoyer le secret, et prévenir votre équipe informatique.

## Réponses sous un accusé, pour ce qui demande d’agir

nudge-failed = { $sender } Votre secret pour { $recipient } n’a pas pu être remis : voyez pourquoi plus haut.
nudge-reused = { $sender } Le lien de votre secret pour { $recipient } a été visité de nouveau après son ouverture : voyez plus haut ce qu’il faut faire.
nudge-lost = { $sender } La page qui affichait votre secret pour { $recipient } n’est peut-être pas arrivée : voyez plus haut ce qu’il faut faire.
nudge-ended = { $sender } Votre secret pour { $recipient } ne peut plus être ouvert : voyez plus haut ce qu’il faut faire.
nudge-disputed = { $sender } { $recipient } dit ne pas avoir ouvert votre secret : changez-le tout de suite.
nudge-dispute-withdrawn = { $sender } { $recipient } dit avoir bien ouvert votre secret, en fin de compte.

## Les boutons de l’accusé

take-back-button = Reprendre
take-back-spoken = Reprendre ce secret
take-back-title = Reprendre le secret ?
take-back-text = Son lien cesse aussitôt de fonctionner, et plus personne ne peut l’ouvrir. Si quelqu’un l’a déjà ouvert, vous le saurez.
take-back-keep = Laisser
send-again-button = Renvoyer
send-again-spoken = Envoyer un autre secret à la même personne

## Les boutons du message au destinataire, une fois le secret ouvert

dispute-button = Ce n’était pas moi
dispute-spoken = Dire que ce n’est pas vous qui l’avez ouvert
dispute-title = Ce n’était pas vous ?
dispute-text = La personne qui a envoyé le secret apprend que ce n’est pas vous qui l’avez ouvert, et peut le changer. Personne n’est accusé de quoi que ce soit.
dispute-no = Retour
withdraw-dispute-button = C’était bien moi
withdraw-dispute-spoken = Dire que c’est bien vous qui l’avez ouvert

## Le bouton du message au destinataire qui donne un lien, et ce qu’il montre

issue-link-spoken = Obtenir un lien vers le secret, pour vous uniquement
issuing-title = Un instant
issuing-text = Votre lien se prépare. Si rien ne vient, fermez ceci et appuyez de nouveau sur le bouton.
issued-title = Votre lien
issued-text = Ce lien est fait pour vous uniquement, et mène à la page du secret jusqu’au { $until }. Le secret s’y ouvre une seule fois. Un nouvel appui sur le bouton du message fait un nouveau lien, et met fin à celui-ci.
issued-button = Ouvrir dans le navigateur
issued-spoken = Ouvrir la page du secret dans le navigateur
followed-title = Dans votre navigateur
followed-text = La page est ouverte dans votre navigateur, et son bouton affiche le secret. Si aucune page n’est venue, fermez ceci et appuyez de nouveau sur le bouton du message.
issued-before-title = Déjà affiché
issued-before-text = Un lien a été affiché il y a un instant pour ce clic. Si vous ne l’avez pas vu, fermez ceci et appuyez de nouveau sur le bouton : un nouveau lien sera fait.
not-issued-text = Le lien n’a pas pu être affiché, et rien n’a été ouvert. Veuillez appuyer de nouveau sur le bouton.
not-issuable-text = Ce bouton ne peut plus donner de lien, et rien n’a été ouvert. Demandez à la personne qui a envoyé le secret de le renvoyer, et prévenez votre équipe informatique.

## Ce qu’un clic a donné

disputed-title = Merci
disputed-text = { $sender } apprend que ce n’est pas vous qui l’avez ouvert, et pourra changer le secret. Si c’était vous en fin de compte, le message ci-dessus a un bouton pour le dire.
dispute-withdrawn-text = { $sender } apprend que c’est bien vous qui l’avez ouvert.
not-any-more-title = Trop ancien
not-any-more-text = Il a été ouvert il y a trop longtemps pour ce bouton. Si ce n’était pas vous, prévenez { $sender } et votre équipe informatique.
dispute-unconfirmed-text = On ne sait pas encore si cela a été noté. Si c’est le cas, le message où se trouve le bouton le dira dans un instant. S’il reste tel quel, appuyez de nouveau.
taken-back-title = Secret repris
too-late-title = Trop tard
too-late-text = Votre secret pour { $recipient } a été ouvert le { $when }, avant que vous le repreniez. S’il ne devait pas être vu, changez-le tout de suite.
over-before-title = Déjà terminé
gone-text = On ne sait plus rien de ce secret : il date de trop longtemps. Aucun lien ne l’ouvre.
unconfirmed-title = Non confirmé
unconfirmed-text = On ne sait pas encore si le secret a été repris. Si c’est le cas, le message où se trouve le bouton le dira dans un instant. S’il reste tel quel, appuyez de nouveau sur « { take-back-button } ».
not-theirs-title = Pas votre bouton
not-theirs-text = Ce bouton est pour quelqu’un d’autre. Rien n’a été fait.
not-now-title = Pas maintenant
press-busy = Il y a trop d’activité en ce moment, et rien n’a été fait. Veuillez appuyer de nouveau sur le bouton dans un instant.
press-not-opened = La boîte de dialogue n’a pas pu s’ouvrir. Veuillez appuyer de nouveau sur le bouton, ou taper la commande.

## Ce que les exploitants apprennent dans leur canal

alert-begun = Secure Secret prévient ce canal quand quelqu’un a pu lire ce qui ne lui était pas destiné, et quand quelque chose est bloqué : que faire, et les identifiants des secrets, jamais leur contenu.
alert-reused = { $count ->
    [one] Le lien d’un secret a été visité après son ouverture.
   *[other] Des liens de secrets ont été visités après leur ouverture, { $count } fois.
}
alert-reused-do = Ou bien le destinataire est revenu, ou bien quelqu’un d’autre était passé avant lui. L’expéditeur a été prévenu : demandez si c’est le destinataire qui l’a ouvert, et sinon faites changer ce que c’était. Adresses et navigateurs : secure-secret-bot audit list --secret ID
alert-disputed = { $count ->
    [one] Un destinataire dit qu’il n’a pas ouvert lui-même un secret.
   *[other] Des destinataires disent qu’ils n’ont pas ouvert eux-mêmes un secret, { $count } fois.
}
alert-disputed-do = À prendre au sérieux : quelqu’un d’autre l’a lu. L’expéditeur a été prévenu de le changer : veillez à ce qu’il le fasse, et cherchez qui c’était. Adresses et navigateurs : secure-secret-bot audit list --secret ID
alert-decrypt-failed = { $count ->
    [one] Un secret n’a pas pu être déchiffré à l’ouverture de son lien. Il existe toujours.
   *[other] { $count } secrets n’ont pas pu être déchiffrés à l’ouverture de leurs liens. Ils existent toujours.
}
alert-decrypt-failed-do = Le plus souvent, il manque une clé dans FERNET_KEYS de la page de lecture : remettez-la derrière les autres avant l’expiration du secret. secure-secret-web doctor dit si c’est cela.
alert-denied = Plus de refus en une heure qu’il n’en arrive par erreur : { $count } tentatives d’ouvrir un secret sans passer par sa page, ou d’appuyer sur le bouton de quelqu’un d’autre.
alert-denied-do = Qui c’était : secure-secret-bot audit list --since 1h. Une seule personne ou adresse, c’est quelqu’un qui essaie, ou un programme qui ouvre des liens ; beaucoup, c’est un proxy ou un navigateur qui modifie les requêtes.
alert-deliveries-stuck = { $count ->
    [one] Un message attend d’être remis depuis plus de dix minutes.
   *[other] { $count } messages attendent d’être remis depuis plus de dix minutes.
}
alert-deliveries-stuck-do = Ils partiront d’eux-mêmes une fois l’obstacle levé. Ce qui bloque : secure-secret-bot doctor, et le journal du bot.
alert-expiry-stuck = { $count ->
    [one] Un secret expiré n’est pas détruit. Son lien n’ouvre rien.
   *[other] { $count } secrets expirés ne sont pas détruits. Leurs liens n’ouvrent rien.
}
alert-expiry-stuck-do = Leurs contenus chiffrés restent là jusqu’à ce que ce soit réparé. Ce qui bloque : secure-secret-bot doctor, et ce que dit le journal du bot à chaque passage.
alert-secrets = Secrets, du plus récent au plus ancien, dix au plus : { $ids }

## Les pages Web

page-product = Secure Secret
page-language = Langue
privacy-notice = Avis de confidentialité
page-help = Besoin d’aide ? Écrivez à { $contact }.
confirm-title = Un secret pour vous
confirm-lead = { $sender } vous a envoyé un secret.
confirm-once = Il ne s’ouvre qu’une fois : ensuite il est détruit, et personne ne peut plus l’ouvrir.
confirm-issued = Cette page est bonne pour cinq minutes. Ensuite, appuyez de nouveau sur le bouton dans Slack : il mène à une nouvelle page.
confirm-time-left = Il reste { $left }, jusqu’au { $until }.
confirm-again = La page était ouverte depuis un moment, et rien n’a encore été affiché. Veuillez appuyer de nouveau sur le bouton.
confirm-recorded = À l’ouverture, l’heure, votre adresse réseau et votre navigateur sont notés.
confirm-button = Ouvrir le secret
confirm-opening = Ouverture en cours…
confirm-late = C’est plus long que d’habitude. Si rien ne vient, ouvrez de nouveau le lien depuis le message dans Slack : il dit où en est le secret.
confirm-caution = Vous ne l’attendiez pas ? Ne l’ouvrez pas : demandez d’abord à { $sender }.
revealed-title = Votre secret
revealed-lead = De { $sender }. Copiez-le maintenant là où vous en avez besoin.
revealed-show = Afficher le secret
revealed-hide = Masquer le secret
revealed-label = Le secret
revealed-copy = Copier
revealed-copied = Copié.
revealed-copy-failed = Cela n’a pas fonctionné. Affichez le secret, puis sélectionnez-le et copiez-le vous-même.
revealed-note = Note de { $sender }
revealed-gone = Il est détruit de notre côté : si vous fermez ou quittez cette page, il est perdu.
too-many-reload = { $seconds ->
    [one] Cette page réessaie d’elle-même dans { $seconds } seconde.
   *[other] Cette page réessaie d’elle-même dans { $seconds } secondes.
}
too-many-back = { $seconds ->
    [one] Dans { $seconds } seconde, cette page ramène à celle du bouton. Sinon, ouvrez de nouveau le lien depuis le message dans Slack.
   *[other] Dans { $seconds } secondes, cette page ramène à celle du bouton. Sinon, ouvrez de nouveau le lien depuis le message dans Slack.
}

# What a page without a button says: its title, what is the case, and what to do next
state-opened = Déjà ouvert
    .text = Ce secret a été ouvert le { $when }, puis détruit.
    .next = Si vous l’avez ouvert et qu’il vous le faut encore, ou que vous n’avez rien vu, demandez qu’on vous le renvoie. Si vous ne l’avez pas ouvert, prévenez tout de suite la personne qui l’a envoyé : quelqu’un d’autre l’a fait.
state-opened-lost = { state-opened }
    .text = { state-opened.text }
    .next = La page qui l’affichait n’est peut-être pas arrivée. Si vous n’avez rien vu, demandez qu’on vous le renvoie. Si ce n’est pas vous qui l’avez ouvert, prévenez tout de suite la personne qui l’a envoyé.
state-repeated = Ouvert à l’instant
    .text = Cette page vient d’ouvrir le secret, et il ne s’affiche qu’une fois.
    .next = Si vous l’avez vu, il n’y a rien à faire. Si vous n’avez rien vu, il s’est perdu en chemin, comme il arrive si l’on appuie deux fois ou si la connexion est lente : demandez qu’on vous le renvoie.
state-spent = Ce lien est terminé
    .text = Un lien que fait le bouton dans Slack mène ici quelques minutes, et seul le dernier compte. Le secret est toujours là, non ouvert.
    .next = Appuyez de nouveau sur le bouton du message dans Slack : il fait un nouveau lien.
state-expired = Trop tard
    .text = Personne n’a ouvert ce secret à temps : il a été détruit sans être vu.
    .next = Demandez à la personne qui l’a envoyé de le renvoyer.
state-revoked = Repris
    .text = La personne qui a envoyé ce secret l’a repris avant que quelqu’un l’ouvre.
    .next = Demandez-le-lui s’il vous le faut encore.
state-ended = Fin décidée par l’équipe informatique
    .text = Votre équipe informatique a mis fin à ce secret avant son heure. Il ne peut plus être ouvert.
    .next = Demandez à la personne qui l’a envoyé de le renvoyer : elle en a aussi été avertie.
state-conflict = N’est plus là
    .text = Le journal indique déjà la fin de ce secret : il a été détruit sans être affiché.
    .next = { state-ended.next }
state-withdrawn = Il n’est plus là
    .text = Ce secret a été détruit sans être vu.
    .next = Demandez à la personne qui l’a envoyé de le renvoyer s’il vous le faut encore.
state-unknown = Pas de secret ici
    .text = Ce lien ne mène à aucun secret. Il est peut-être incomplet, ou trop ancien.
    .next = Ouvrez de nouveau le lien depuis le message dans Slack, ou demandez qu’on vous renvoie le secret.
state-not-again = Pas une deuxième fois
    .text = Un secret affiché à cette adresse ne peut pas être rappelé. Il ne s’affiche qu’une seule fois, à qui appuie sur le bouton.
    .next = Ouvrez le lien depuis le message dans Slack : il dit où en est le secret.
state-unavailable = Pas maintenant
    .text = Le secret ne peut pas être affiché en ce moment. Rien de ce qui n’a pas été affiché n’est perdu.
    .next = Réessayez dans une minute, depuis le message dans Slack. Si cela persiste, demandez à votre équipe informatique.
state-unsure = Pas encore connu
    .text = La base de données n’a pas répondu à temps : on ne sait pas si le secret a été ouvert. Il n’est pas sur cette page.
    .next = Rouvrez dans une minute le lien du message dans Slack : il dit où en sont les choses. Si le secret a été ouvert, demandez qu’on vous le renvoie.
state-too-many = Trop de requêtes
    .text = Il y a eu trop de requêtes depuis votre réseau à l’instant. Rien n’a été affiché, et rien n’est perdu.
    .next = { $seconds ->
        [one] Dans { $seconds } seconde, revenez à la page du bouton et appuyez de nouveau, ou ouvrez le lien depuis le message dans Slack.
       *[other] Dans { $seconds } secondes, revenez à la page du bouton et appuyez de nouveau, ou ouvrez le lien depuis le message dans Slack.
    }
state-bad-request = Cela n’a pas fonctionné
    .text = La page a envoyé quelque chose que nous ne comprenons pas. Rien n’a été affiché.
    .next = Ouvrez de nouveau le lien depuis le message dans Slack. Si cela persiste, demandez à votre équipe informatique.
state-forbidden = Pas depuis notre page
    .text = Un secret ne s’ouvre qu’avec le bouton de notre propre page. Cette demande venait d’ailleurs, et rien n’a été affiché.
    .next = Ouvrez de nouveau le lien depuis le message dans Slack, dans un navigateur à jour. Si cela persiste, demandez à votre équipe informatique.
state-method = Pas de cette façon
    .text = Cette adresse n’accepte pas ce genre de requête.
    .next = Ouvrez de nouveau le lien depuis le message dans Slack.
state-too-large = C’était trop
    .text = La requête est plus grosse que tout ce que cette page envoie. Rien n’a été affiché.
    .next = Ouvrez de nouveau le lien depuis le message dans Slack. Si cela persiste, demandez à votre équipe informatique.
state-too-slow = C’était trop long
    .text = La requête n’est pas arrivée à temps. Rien n’a été affiché.
    .next = Vérifiez votre connexion, puis ouvrez de nouveau le lien depuis le message dans Slack.
state-broken = Quelque chose s’est brisé
    .text = La faute est de notre côté.
    .next = Réessayez dans une minute, depuis le message dans Slack. Si cela persiste, demandez à votre équipe informatique.
