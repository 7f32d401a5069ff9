#!/usr/bin/env bash
# Bouncy Castle from Maven Central, by checksum, into the cache; a JDK from Debian where there is none.
# Writes the wrapper bc-smime, which runs a Java source file with Bouncy Castle on its class path.
. "$(dirname "$0")/common.sh"

root="$PEERS/bouncycastle"
central="${MAILSEAL_MAVEN:-https://repo1.maven.org/maven2}"
# The mail part is released more rarely than the rest, and needs Jakarta Mail.
jars=(
    "12d2d3dd82a9ec15e92ec7c7943ee64f6097c6dc12c07e984f1693b77565b9aa org/bouncycastle/bcprov-jdk18on/1.87"
    "a44be2660d72ed88673372b8cc2d53a25a5aaf27122fb803ed93f07147536aa1 org/bouncycastle/bcpkix-jdk18on/1.87"
    "af46dd381553fdc466cd0c18f8bf2144c7dbcb7337eee3e16cab15e96613ddf0 org/bouncycastle/bcutil-jdk18on/1.87"
    "05e7f20cfeea3b8b896109c37a620784a3e73dc17c12c5b0fa2d570acee5811e org/bouncycastle/bcjmail-jdk18on/1.85"
    "536f0ae5dd774e257f3064f19a2b982aa56072c07c675c70f98cdc262047b4b5 com/sun/mail/jakarta.mail/2.0.2"
    "b9e24b7dd6e07495562ea96531be3130c96dba4d78e1dfd88adbbdebf4332871 com/sun/activation/jakarta.activation/2.0.1"
)

fetch() {
    local sum path name="$3" folder="$2"
    sum="$1" path="$root/$name"
    [[ -f "$path" ]] && return
    curl -sSfL --retry 3 -o "$path.tmp" "$central/$folder/$name"
    echo "$sum  $path.tmp" | sha256sum --check --quiet - || { rm -f "$path.tmp"; note "$name: wrong checksum"; exit 1; }
    mv "$path.tmp" "$path"
}

if ! command -v javac >/dev/null; then
    if [[ "$(id -u)" != 0 ]] || ! command -v apt-get >/dev/null; then
        note "bouncycastle: javac is missing, and apt-get as root is needed: default-jdk-headless"
        exit 1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends default-jdk-headless >/dev/null
fi

mkdir -p "$root"
classpath=()
for jar in "${jars[@]}"; do
    read -r sum folder <<<"$jar"
    artefact="$(basename "$(dirname "$folder")")" version="$(basename "$folder")"
    fetch "$sum" "$folder" "$artefact-$version.jar"
    classpath+=("$root/$artefact-$version.jar")
done
write_wrapper "$BIN/bc-smime" <<WRAPPER
#!/bin/sh
# \$1: the Java source file
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp '$(IFS=:; echo "${classpath[*]}")' "\$@"
WRAPPER
printf 'Bouncy Castle %s (mail %s), %s\n' 1.87 1.85 \
    "$(java -version 2>&1 | sed -n '1s/^\([a-zA-Z]*\) version "\([^"]*\)".*/\1 \2/p')" >"$root/version"
note "$(cat "$root/version")"
