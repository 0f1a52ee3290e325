#!/bin/sh
# Subscribes the deployed app to events. Repeat it at will: what is there stays.
#
# The host makes the key of its webhook when it first runs the code, which can be a minute after the deployment.
set -eu
cd "$(dirname "$0")/.."
: "${AZURE_ENV_NAME:?Name of this installation, such as prd}" "${AZURE_LOCATION:?Region, such as westeurope}"

tries=10
while ! az deployment sub create --name "image-bakery-events-$AZURE_ENV_NAME" \
    ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} --location "$AZURE_LOCATION" \
    --parameters infra/events.bicepparam --output none; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        echo "The app is deployed, and not subscribed to events. Run infra/subscribe_to_events.sh again." >&2
        exit 1
    fi
    echo "Trying again in ${SECONDS_BETWEEN_TRIES:=30} seconds: the app may not have started yet." >&2
    sleep "$SECONDS_BETWEEN_TRIES"
done
