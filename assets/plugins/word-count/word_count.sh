#!/bin/sh
# A tool in shell. One line comes in:
#   {"id":1,"tool":"count","arguments":{"text":"one two\nthree"}}
# and one line with "result" or "error" goes out. Lines with "progress" may come before.
# Needs sh, sed and wc. With more than one text to take apart, use jq or another language.

IFS= read -r line || exit 0

case $line in
  *'"text":"'*) ;;
  *) echo '{"error":"a text is needed"}'; exit 0 ;;
esac

echo '{"progress":"counting"}'

# The text as it stands in the JSON: up to the first quote that is not behind a backslash.
text=$(printf '%s\n' "$line" |
  sed -n 's/.*"arguments":{[^{}]*"text":"\(\([^"\\]\|\\.\)*\)".*/\1/p')

# A backslash that stands for itself becomes another single byte, so that it is not taken for the
# beginning of an escape; then the escapes become what they stand for (\uXXXX becomes one "?").
single=$(printf '\001')
text=$(printf '%s\n' "$text" |
  sed "s/\\\\\\\\/$single/g; s/\\\\\"/\"/g; s/\\\\\\//\\//g; s/\\\\u[0-9a-fA-F]\\{4\\}/?/g")

set -- $(printf '%b' "$text" | wc)
echo "{\"result\":{\"lines\":$1,\"words\":$2,\"bytes\":$3}}"
