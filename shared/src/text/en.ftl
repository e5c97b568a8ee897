# English. Every message that people see, in Slack and on the web.

## The Slack app itself

manifest-description = Send a secret as a link that opens once and then leaves nothing behind
manifest-command = Send a secret through a link that opens once
manifest-hint = [@person] [15m|1h|4h|24h]

## Times

minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}

hours-minutes = { $hours } { $minutes }

## The dialog

modal-title = Send a secret
modal-submit = Send
modal-close = Cancel
modal-recipient = Recipient
modal-recipient-placeholder = Choose a colleague
modal-secret = Secret
modal-secret-placeholder = A password, a key, a code…
modal-secret-hint = It’s shown once, exactly as typed here. It’s never posted in Slack.
modal-room = { $limit } characters fit; “{ modal-more-room }” adds a field.
modal-room-end = { $limit } characters fit, and this is the last field: { $total } in all.
modal-more-room = More room
modal-secret-continued = Secret, part { $number }
modal-secret-continued-hint = It goes on exactly where the field above ends.
modal-note = Note
modal-note-placeholder = What it’s for. Not secret: it’s shown in the message, and maybe in its notification
modal-lifetime = The link works for
modal-recorded = What is written down: who sends a secret to whom and when, and, when it’s opened, the time, the network address and the browser. Never the secret itself.
modal-held = Messages can’t go out at the moment: Slack takes none from this app. Please tell your IT team: “{ $code }”. What you send now waits, and goes out by itself once that’s mended, unless its time is over by then.
modal-untold = You couldn’t be told this before:

## What stood after the command and was not used; above the dialog, a line for each kind

unused-people = You named more than one person. A secret goes to one person only: nobody is chosen yet.
unused-unshown = Slack doesn’t let the person whom you named be filled in here. Choose whom it’s for.
unused-group = A group was not used: a secret goes to one person only.
unused-everybody = @here and the like was not used: a secret goes to one person only.
unused-channel = A channel was not used: a secret goes to one person only.
unused-email = An e-mail address was not used. Choose the person below.
unused-name = A name with @ was not used: Slack knows nobody of that name. Choose the person below.
unused-second-time = A second time was not used: the first one is chosen below.
unused-no-such-time = There is no such time. A link works for 15 minutes, 1 hour, 4 hours or 24 hours (15m, 1h, 4h or 24h).
unused-words = What else you typed after the command was not used: only a person and a time (15m, 1h, 4h or 24h) can stand there.
unused-maybe-secret = If that was a secret, please change it, and put the new one in the dialog: what stands after the command isn’t protected.

## Mistakes in the dialog, beside the field

recipient-missing = Choose who gets the secret.
recipient-is-bot = That’s an app. Choose a person.
recipient-is-slackbot = Slackbot can’t open secrets. Choose a person.
recipient-deactivated = That account is deactivated. Choose somebody else.
recipient-external = That person belongs to another organization. Secrets stay inside yours. Choose somebody else, or ask your IT team whether that can be allowed.
recipient-guest = That person is a guest in Slack. Secrets can’t go to guests here: choose a member.
recipient-is-self = That’s you. Choose somebody else.
recipient-unknown = Slack doesn’t show this app that person: their account may be gone, or out of its reach. Choose somebody else. If they do use Slack, ask your IT team.
secret-empty = Type the secret here.
secret-blank = There is nothing here that can be seen, only spaces, line ends or invisible characters. Type the secret.
secret-nul = There is an invisible character in it that no page can show (NUL), as in what is copied from some programs and files. Type it yourself, or copy it as plain text, for example through a text editor.
secret-too-long = That’s { $chars } characters; { $limit } fit here. Press “{ modal-more-room }”, and put the rest into another field.
secret-too-long-last = That’s { $chars } characters; { $limit } fit here. There are no more than four fields, and { $total } characters in all is the end. Send what is longer in parts.
note-nul = There is an invisible character in it that can’t be shown (NUL), as in what is copied from some programs and files. Type the note yourself.
note-too-long = That’s { $chars } characters; { $limit } fit. Shorten the note.
lifetime-missing = Choose how long the link works.
submission-unconfirmed = We couldn’t confirm in time that it was sent. If you get a receipt, it was. Otherwise press { modal-submit } again: it’s never sent twice.
submission-unavailable = The secret could not be stored just now, and nothing was sent. Please press { modal-submit } again in a moment. If it goes on, tell your IT team.

submission-busy = There is too much going on just now, and nothing was sent. Please press { modal-submit } again in a moment.
submission-foreign = Nothing was sent: another program opened this dialog than the one that answers now. Unless you get a receipt, copy what you typed, close the dialog, and type the command again. If it happens again, tell your IT team.
submission-unreadable = This dialog came back in a form that can’t be read here, and nothing was sent. What you typed is still in it: copy what you need before you close it, and ask your IT team.
field-unreadable = This field came back in a form that can’t be read here, as with half of an emoji, and nothing was sent. What you typed is still in it: type it anew, or ask your IT team.

## A dialog that was sent before

already-sent-title = Already sent
already-sent-text = This dialog was sent already: to { $recipient }, { $when }. Nothing new was sent, whatever you changed since. To send something else, use the command again.
already-sent-waiting = It isn’t delivered yet. Tries go on until { $until }.
already-sent-delivered = { $recipient } has the link and hasn’t opened it yet. It works until { $until }.
already-sent-opened = It was opened on { $when }, and was destroyed then.
already-sent-unopened = It wasn’t opened in time, and was destroyed on { $when }.
already-sent-failed = It could not be delivered, and was destroyed. Nobody saw it.
already-sent-withdrawn = It was destroyed on { $when }. Nobody saw it.
already-sent-close = Close

## When the dialog can’t be opened

command-failed = The dialog could not be opened. Please type the command again. If it goes on, tell your IT team.
command-unconfirmed = Slack didn’t say whether the dialog opened. If it didn’t, please type the command again.
command-without-name = The dialog could not be opened with the person whom you named. Please type { $command } alone, and choose the person in the dialog.
command-help = { $command } sends a colleague a secret by a link that opens once. Type it alone, or with a person and a time: { $example }. Times are 15m, 1h, 4h and 24h. A dialog opens, and the secret goes there: never type it after the command.
more-room-title = No new field yet
more-room-failed = Slack did not add a field just now. What you typed is still in the dialog: go back to it, and if there is no new field, press “{ modal-more-room }” again.
command-busy = There is too much going on just now. Please type the command again in a moment.
command-unreadable = Slack passed your command on in a form that can’t be read here, and nothing was done. Please try again. If it happens again, tell your IT team.
press-unreadable = Slack passed on what you pressed in a form that can’t be read here. If nothing came of it, please tell your IT team.

## The recipient’s message

message-lead = { $sender } sent you a secret.
message-terms = It opens once, within { $lifetime } (until { $until }). After that it’s gone.
message-terms-late = It opens once, within the { $left } that are left (until { $until }). After that it’s gone.
message-again = Slack didn’t say whether an earlier message about this secret arrived. If there is one above, both lead to the same secret: it opens once.
message-note = Note from { $sender }:
message-button = Open the secret
message-caution = Not expecting this? Ask { $sender } before you open it.

## The recipient’s message, once the secret is gone

message-opened = This secret was opened on { $when }, and was destroyed then. If you opened it and saw nothing, ask { $sender } to send it anew. If you didn’t open it, tell { $sender } now: somebody else did.
message-expired = Nobody opened this secret in time, so it was destroyed unseen on { $when }. Ask { $sender } to send it anew.
message-withdrawn = This secret was destroyed unseen on { $when }. Ask { $sender } to send it anew if you still need it.
message-ended = This secret was ended on { $when } and can’t be opened any more. Ask { $sender } to send it anew if you still need it.
message-disputed = You said that it wasn’t you who opened it. { $sender } was told, so as to change it.
message-taken-back = { $sender } took this secret back on { $when }, before anybody opened it. If you still need it, ask { $sender }.
reminder = { $recipient } The secret above was not opened yet. It can be until { $until }; after that it’s gone.

## The sender’s receipt

receipt-waiting = Your secret for { $recipient } isn’t delivered yet. Tries go on until { $until }.
waiting-held = Slack takes no messages from this app at the moment. Please tell your IT team: “{ $code }”. Once that’s mended it goes out by itself.
waiting-refused = Slack refuses it at the moment. There is nothing to do yet; if it lasts, tell your IT team “{ $code }”.
waiting-unreached = Slack can’t be reached at the moment, or has trouble of its own. There is nothing to do.
waiting-where = How it goes on will stand among the messages of this app. If nothing can come there, the dialog says it when you next use the command.
receipt-delivered = { $recipient } has the link to your secret. It opens once, until { $until }.
receipt-delivered-button = { $recipient } has the message with the button that opens your secret. It opens once, until { $until }.
receipt-opened = Your secret for { $recipient } was opened on { $when }, and was destroyed then.
receipt-reused = { $count ->
    [one] Since then its link was visited once more, on { $when }; nothing was shown. If { $recipient } says that they did not open it before, somebody else did: change the secret now, and tell your IT team.
   *[other] Since then its link was visited { $count } more times, last on { $when }; nothing was shown. If { $recipient } says that they did not open it before, somebody else did: change the secret now, and tell your IT team.
}
receipt-reused-after-loss = { $count ->
    [one] Since then its link was visited once more, on { $when }; nothing was shown. Whoever did not get the page comes again. If it wasn’t { $recipient }, change the secret now, and tell your IT team.
   *[other] Since then its link was visited { $count } more times, last on { $when }; nothing was shown. Whoever did not get the page comes again. If it wasn’t { $recipient }, change the secret now, and tell your IT team.
}
receipt-repeated = The page that opened it was sent again a moment later, by the same browser: a second press or a slow line does that. Nothing was shown again. If { $recipient } saw nothing, please send the secret anew.
receipt-lost = The page with it may not have arrived: its connection was gone first. If { $recipient } saw nothing, please send the secret anew.
receipt-typographic = It has characters that a phone, a Mac or a text program may have put in by itself, such as curly quotes, long dashes, special spaces or invisible ones. It’s passed on exactly as typed: if it doesn’t work for { $recipient }, that may be why.
receipt-unopened = Your secret for { $recipient } was not opened in time, and was destroyed on { $when }. Nobody saw it.
receipt-withdrawn = Your secret for { $recipient } was destroyed on { $when }. Nobody saw it.
receipt-disputed = { $recipient } says that it wasn’t them who opened it: change the secret now, and tell your IT team.
receipt-dispute-withdrawn = { $recipient } said that it wasn’t them who opened it, and then that it was them after all.
receipt-taken-back = You took back your secret for { $recipient } on { $when }. Nobody saw it, and no link opens it any more.
receipt-ended-by-operator = Your secret for { $recipient } was ended by your IT team on { $when }, and can’t be opened any more. If it’s still needed, please send it again.
receipt-conflict = Your secret for { $recipient } was destroyed on { $when }, and can’t be opened: the records had its end already, as after a restored backup. If it’s still needed, please send it again. Your IT team can say more.
receipt-failed = Your secret for { $recipient } could not be delivered, and was destroyed. Nobody saw it.
receipt-expired = Your secret for { $recipient } could not be delivered before its time was over, and was destroyed. Nobody saw it.
failure-user-not-found = Slack doesn’t show this app that person: their account may be gone, or out of its reach. If they do use Slack, ask your IT team; until then give them the secret by another way.
failure-user-disabled = That account is deactivated. If somebody else has taken over for that person, send it to them.
failure-cannot-dm-bot = Slack lets no app write to that account, as with an app or with some people of other organizations. Send it to another account of that person’s, or give it to them by another way.
failure-external = That person belongs to another organization, and secrets stay inside yours. Ask your IT team whether that can be allowed.
failure-guest = That person is a guest in Slack, and secrets can’t go to guests here. Choose a member, or ask your IT team whether that can be allowed.
failure-oneself = That’s you. Secrets to oneself can’t be sent here: choose somebody else.
failure-refused = Slack refused the message. Please tell your IT team if it happens again.
failure-refused-with = Slack refused the message. Sending it again won’t help before that’s mended: please tell your IT team “{ $code }”.
failure-expired = Slack could not be reached in time, or had trouble of its own. Please send it again.
failure-expired-refused = Slack refused it until its time was over. Sending it again helps only once that’s mended: please tell your IT team “{ $code }”.
failure-unsealable = The waiting link could not be read any more. Please send it again, and tell your IT team.

## Replies below a receipt, for what asks its reader to act

nudge-failed = { $sender } Your secret for { $recipient } could not be delivered: see above why.
nudge-reused = { $sender } The link of your secret for { $recipient } was visited again after it was opened: see above what to do.
nudge-lost = { $sender } The page with your secret for { $recipient } may not have arrived: see above what to do.
nudge-ended = { $sender } Your secret for { $recipient } can’t be opened any more: see above what to do.
nudge-disputed = { $sender } { $recipient } says that it wasn’t them who opened your secret: change it now.
nudge-dispute-withdrawn = { $sender } { $recipient } says that it was them after all who opened your secret.

## The receipt’s buttons

take-back-button = Take back
take-back-spoken = Take this secret back
take-back-title = Take the secret back?
take-back-text = Its link stops working at once, and nobody can open it any more. If somebody opened it already, you’re told so.
take-back-keep = Leave it
send-again-button = Send again
send-again-spoken = Send another secret to the same person

## The buttons of the recipient’s message, once the secret was opened

dispute-button = That wasn’t me
dispute-spoken = Say that it wasn’t you who opened it
dispute-title = It wasn’t you?
dispute-text = Whoever sent the secret is told that it wasn’t you who opened it, and can change it. Nobody is accused of anything.
dispute-no = Back
withdraw-dispute-button = It was me after all
withdraw-dispute-spoken = Say that it was you after all who opened it

## The button of the recipient’s message that gives a link, and what it shows

issue-link-spoken = Get a link to the secret, for you alone
issuing-title = One moment
issuing-text = Your link is being made. If nothing comes, close this and press the button again.
issued-title = Your link
issued-text = This link is made for you alone, and leads to the secret’s page until { $until }. The secret opens there once. A later press of the button in the message makes a new link, and ends this one.
issued-button = Open in the browser
issued-spoken = Open the secret’s page in the browser
followed-title = In your browser
followed-text = The page is open in your browser, and the button there shows the secret. If no page came, close this and press the button in the message again.
issued-before-title = Shown a moment ago
issued-before-text = A link was shown for this press a moment ago. If you didn’t see it, close this and press the button again: that makes a new one.
not-issued-text = The link could not be shown, and nothing was opened. Please press the button again.
not-issuable-text = This button can’t give a link any more, and nothing was opened. Please ask whoever sent the secret to send it anew, and tell your IT team.

## What came of a press

disputed-title = Thank you
disputed-text = { $sender } is told that it wasn’t you who opened it, so as to change the secret. If you find that it was you after all, the message above has a button for that.
dispute-withdrawn-text = { $sender } is told that it was you after all who opened it.
not-any-more-title = Too long ago
not-any-more-text = It was opened too long ago for this button. If it wasn’t you, please tell { $sender } and your IT team.
dispute-unconfirmed-text = It isn’t known yet whether that was written down. If it was, the message with the button says so in a moment. If that stays as it is, please press it again.
taken-back-title = Taken back
too-late-title = Too late
too-late-text = Your secret for { $recipient } was opened on { $when }, before you took it back. If it was not to be seen, change it now.
over-before-title = Over already
gone-text = Nothing is known of this secret any more: it’s from too long ago. No link opens it.
unconfirmed-title = Not confirmed
unconfirmed-text = It isn’t known yet whether the secret was taken back. If it was, the message with the button says so in a moment. If that stays as it is, press “{ take-back-button }” again.
not-theirs-title = Not your button
not-theirs-text = This button is for somebody else. Nothing was done.
not-now-title = Not just now
press-busy = There is too much going on just now, and nothing was done. Please press the button again in a moment.
press-not-opened = The dialog could not be opened. Please press the button again, or type the command.

## What operators are told in their channel

alert-begun = Secure Secret tells this channel when somebody may have read what wasn’t meant for them, and when something is stuck: what to do, and the ids of secrets, never what is in them.
alert-reused = { $count ->
    [one] A secret’s link was visited after it had been opened.
   *[other] Links of secrets were visited after these had been opened, { $count } times.
}
alert-reused-do = Either the recipient came back, or somebody else was there before them. Its sender has been told: ask whether the recipient opened it, and have what it was changed if not. Addresses and browsers: secure-secret-bot audit list --secret ID
alert-disputed = { $count ->
    [one] A recipient says that it wasn’t them who opened a secret.
   *[other] Recipients say that it wasn’t them who opened a secret, { $count } times.
}
alert-disputed-do = Take it seriously: somebody else has read it. Its sender has been told to change it: see that they do, and find out who it was. Addresses and browsers: secure-secret-bot audit list --secret ID
alert-decrypt-failed = { $count ->
    [one] A secret could not be decrypted when its link was opened. It lives on.
   *[other] { $count } secrets could not be decrypted when their links were opened. They live on.
}
alert-decrypt-failed-do = Most often FERNET_KEYS of the reveal page lacks a key: put it back behind the others before the secret’s time is over. secure-secret-web doctor says whether it is that.
alert-denied = More was refused within an hour than happens by mistake: { $count } tries to open a secret without its page, or to press somebody else’s button.
alert-denied-do = Who it was: secure-secret-bot audit list --since 1h. One person or address is somebody who tries things out, or a program that opens links; many are a proxy or a browser that changes requests.
alert-deliveries-stuck = { $count ->
    [one] A message has waited for its delivery for more than ten minutes.
   *[other] { $count } messages have waited for their delivery for more than ten minutes.
}
alert-deliveries-stuck-do = They go out by themselves once that is mended. What stands in the way: secure-secret-bot doctor, and the bot’s log.
alert-expiry-stuck = { $count ->
    [one] A secret that expired is not destroyed. Its link opens nothing.
   *[other] { $count } secrets that expired are not destroyed. Their links open nothing.
}
alert-expiry-stuck-do = Their ciphertexts stay until that is mended. What stands in the way: secure-secret-bot doctor, and what the bot’s log says at each sweep.
alert-secrets = Secrets, the newest first, ten at most: { $ids }

## The web pages

page-product = Secure Secret
page-language = Language
privacy-notice = Privacy notice
page-help = Need help? Write to { $contact }.
confirm-title = A secret for you
confirm-lead = { $sender } sent you a secret.
confirm-once = It opens only once: after that it’s destroyed, and nobody can open it again.
confirm-issued = This page is good for five minutes. After that, press the button in Slack again: it leads to a new one.
confirm-time-left = { $left } left, until { $until }.
confirm-again = The page had been open for a while, so nothing was shown yet. Please press the button again.
confirm-recorded = When you open it, the time, your network address and your browser are written down.
confirm-button = Open the secret
confirm-opening = Opening…
confirm-late = This takes unusually long. If nothing comes, open the link from the message in Slack again: it says how it stands with the secret.
confirm-caution = Not expecting this? Don’t open it: ask { $sender } first.
revealed-title = Your secret
revealed-lead = From { $sender }. Copy it to where you need it now.
revealed-show = Show the secret
revealed-hide = Hide the secret
revealed-label = The secret
revealed-copy = Copy
revealed-copied = Copied.
revealed-copy-failed = That didn’t work. Show the secret, then select and copy it yourself.
revealed-note = Note from { $sender }
revealed-gone = It’s destroyed on our side: when you close or leave this page, it’s lost.
too-many-reload = { $seconds ->
    [one] This page tries again by itself in { $seconds } second.
   *[other] This page tries again by itself in { $seconds } seconds.
}
too-many-back = { $seconds ->
    [one] In { $seconds } second this page leads back to the one with the button. If it doesn’t, open the link from the message in Slack again.
   *[other] In { $seconds } seconds this page leads back to the one with the button. If it doesn’t, open the link from the message in Slack again.
}

# What a page without a button says: its title, what is the case, and what to do next
state-opened = Already opened
    .text = This secret was opened on { $when }, and was destroyed then.
    .next = If you opened it and need it again, or saw nothing, ask the sender to send it anew. If you didn’t open it, tell the sender now: somebody else did.
state-opened-lost = { state-opened }
    .text = { state-opened.text }
    .next = The page with it may not have arrived. If you saw nothing, ask the sender to send it anew. If it wasn’t you who opened it, tell the sender now.
state-repeated = Opened a moment ago
    .text = This page opened the secret a moment ago, and it’s shown only once.
    .next = If you saw it, there is nothing to do. If you saw nothing, it was lost on the way, as a second press or a slow line can do: ask the sender to send it anew.
state-spent = This link is over
    .text = A link that the button in Slack makes leads here for a few minutes, and only the last one counts. The secret is still there, unopened.
    .next = Press the button of the message in Slack again: it makes a new link.
state-expired = Too late
    .text = Nobody opened this secret in time, so it was destroyed unseen.
    .next = Ask the sender to send it anew.
state-revoked = Taken back
    .text = The sender took this secret back before anybody opened it.
    .next = Ask the sender if you still need it.
state-ended = Ended by the IT team
    .text = Your IT team ended this secret before its time. It can’t be opened any more.
    .next = Ask the sender to send it anew: they have been told, too.
state-conflict = No longer there
    .text = The records already show the end of this secret, so it was destroyed and not shown.
    .next = { state-ended.next }
state-withdrawn = No longer there
    .text = This secret was destroyed unseen.
    .next = Ask the sender to send it anew if you still need it.
state-unknown = No secret here
    .text = This link leads to no secret. It may be incomplete, or it’s from too long ago.
    .next = Open the link from the message in Slack again, or ask the sender to send it anew.
state-not-again = Not a second time
    .text = A secret that is shown at this address can’t be called up again. It’s only ever shown to whoever presses the button, once.
    .next = Open the link from the message in Slack: it says how it stands with the secret.
state-unavailable = Not just now
    .text = The secret can’t be shown at the moment. Nothing is lost that was not shown.
    .next = Try again in a minute, from the message in Slack. If it goes on, ask your IT team.
state-unsure = Not known yet
    .text = The database didn’t answer in time: it isn’t known whether the secret was opened. It is not on this page.
    .next = Open the link from the message in Slack again in a minute: it says how things stand. If the secret was opened, ask the sender to send it anew.
state-too-many = Too many requests
    .text = There were too many requests from your network just now. Nothing was shown, and nothing is lost.
    .next = { $seconds ->
        [one] In { $seconds } second, go back to the page with the button and press it again, or open the link from the message in Slack.
       *[other] In { $seconds } seconds, go back to the page with the button and press it again, or open the link from the message in Slack.
    }
state-bad-request = That didn’t work
    .text = The page sent something that we don’t understand. Nothing was shown.
    .next = Open the link from the message in Slack again. If it goes on, ask your IT team.
state-forbidden = Not from our page
    .text = Secrets open only with the button on our own page. This request came from elsewhere, and nothing was shown.
    .next = Open the link from the message in Slack again, in an up-to-date browser. If it goes on, ask your IT team.
state-method = Not that way
    .text = This address doesn’t take that kind of request.
    .next = Open the link from the message in Slack again.
state-too-large = That was too much
    .text = The request is larger than anything this page sends. Nothing was shown.
    .next = Open the link from the message in Slack again. If it goes on, ask your IT team.
state-too-slow = That took too long
    .text = The request didn’t arrive in time. Nothing was shown.
    .next = Check your connection, then open the link from the message in Slack again.
state-broken = Something broke
    .text = That’s a fault on our side.
    .next = Try again in a minute, from the message in Slack. If it goes on, ask your IT team.
