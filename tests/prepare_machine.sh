#!/usr/bin/env bash
# Brings what pip cannot: Chromium, PostgreSQL, the judges of cards, sheets and codes. Says what is missing where it may not install.
set -u
missing=()
command -v chromium >/dev/null || missing+=(chromium)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
[ -e /usr/share/java/ez-vcard.jar ] || missing+=(libez-vcard-java)
compgen -G '/usr/share/java/vinnie*.jar' >/dev/null || missing+=(libvinnie-java)
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v pdftotext >/dev/null || missing+=(poppler-utils)
command -v soffice >/dev/null || missing+=(libreoffice-calc)
command -v zbarimg >/dev/null || missing+=(zbar-tools)
ldconfig -p 2>/dev/null | grep -q libpangoft2 || missing+=(libpangoft2-1.0-0)
fc-list 2>/dev/null | grep -qiE 'dejavu|noto' || missing+=(fonts-dejavu-core)
command -v dovecot >/dev/null || [ -x /usr/sbin/dovecot ] || missing+=(dovecot-imapd)
command -v npm >/dev/null || missing+=(npm)
[ -x /usr/libexec/evolution-addressbook-factory ] || missing+=(evolution-data-server)
{ compgen -G '/usr/lib/*/girepository-1.0/EBook-1.2.typelib' >/dev/null && [ -e /usr/lib/python3/dist-packages/gi ]; } || missing+=(gir1.2-ebook-1.2 gir1.2-ebookcontacts-1.2 gir1.2-edataserver-1.2 python3-gi)
command -v dbus-run-session >/dev/null || missing+=(dbus)
command -v sqlmap >/dev/null || missing+=(sqlmap) # make proof
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing for the tests: ${missing[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && exit 0
fi
echo "Missing for the tests, the ones that need them are left out: ${missing[*]}"
[ -n "${CI:-}" ] && exit 1
exit 0
