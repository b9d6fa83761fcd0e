#!/usr/bin/env bash
# Signs in and prints each event of the user as a line of JSON. Whatever happens to the line or the server, it comes back and
# goes on behind the last event that it printed.
#
#   examples/curl/bell.sh USERNAME      # asks for the password, unless it is in PASSWORD
set -euo pipefail

url=${NOTEWIRE_URL:-http://127.0.0.1:8080}/graphql
username=${1:?say who signs in: bell.sh USERNAME}
[ -n "${PASSWORD-}" ] || read -rsp 'Password: ' PASSWORD </dev/tty

# quoted TEXT is the text as a JSON string.
quoted() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

login='mutation($input: LoginInput!) { login(input: $input) { token userErrors { message } } }'
answer=$(curl -sS "$url" -H 'Content-Type: application/json' -d @- <<END
{"query": $(quoted "$login"), "variables": {"input": {"username": $(quoted "$username"), "password": $(quoted "$PASSWORD")}}}
END
)
[[ $answer =~ \"token\":\"([^\"]+)\" ]] || { echo "$answer" >&2; exit 1; }
token=${BASH_REMATCH[1]}

events='subscription { events(onExpired: RESET) { __typename cursor unread { notes notifications }
  ... on NoteReceived { note { body sender { displayName } } }
  ... on NotificationReceived { notification { kind count actorCount actors(first: 1) { displayName } } }
  ... on NotificationChanged { notification { kind count actorCount actors(first: 1) { displayName } } } } }'

# follow reads an event stream, and says by its exit code whether to come back. An event is whole with the empty line behind it.
last= id= data=
follow() {
  local line
  while IFS= read -r line; do
    case $line in
      'id: '*) id=${line#id: } ;;
      'data: '*) data=${line#data: } ;;
      '')
        [[ $data != '{"errors"'* ]] || { echo "$data" >&2; return 1; }
        [ -z "$data" ] || printf '%s\n' "$data"
        last=$id data=
        ;;
    esac
  done
}

# The server says something at least every 15 s: after 40 s of silence the line is given up.
while follow < <(curl -sSN --get "$url" --speed-limit 1 --speed-time 40 -H 'Accept: text/event-stream' \
  -H "Authorization: Bearer $token" ${last:+-H "Last-Event-ID: $last"} --data-urlencode "query=$events"); do
  data=
  sleep $((1 + RANDOM % 4))
done
exit 1
