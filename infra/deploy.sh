#!/bin/sh
# Deploys all of it: what infra/ describes, dist/image-bakery.zip, the event subscriptions. Repeat it at will.
set -eu
cd "$(dirname "$0")/.."
: "${AZURE_ENV_NAME:?Name of this installation, such as prd}" "${AZURE_LOCATION:?Region, such as westeurope}"
group="rg-image-bakery-$AZURE_ENV_NAME"

echo "Deploying the infrastructure ..."
az deployment sub create --name "image-bakery-$AZURE_ENV_NAME" \
    ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} --location "$AZURE_LOCATION" \
    --parameters infra/main.bicepparam --output none

app=$(az functionapp list ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} \
    --resource-group "$group" --query '[0].name' --output tsv)
echo "Deploying the app $app ..."
az functionapp deployment source config-zip ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"} \
    --resource-group "$group" --name "$app" --src dist/image-bakery.zip --output none

echo "Subscribing it to events ..."
sh infra/subscribe_to_events.sh
