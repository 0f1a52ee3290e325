#!/bin/sh
# Deploys all of it: what infra/ describes, dist/image-bakery.zip, the event subscriptions. Repeat it at will.
set -eu
cd "$(dirname "$0")/.."
: "${AZURE_ENV_NAME:?Name of this installation, such as prd}" "${AZURE_LOCATION:?Region, such as westeurope}"
group="rg-image-bakery-$AZURE_ENV_NAME"

# In the subscription that is named, or else in the one that the Azure CLI works with.
azure() {
    az "$@" ${AZURE_SUBSCRIPTION_ID:+--subscription "$AZURE_SUBSCRIPTION_ID"}
}

deploy_infrastructure() {
    azure deployment sub create --name "image-bakery-$AZURE_ENV_NAME" --location "$AZURE_LOCATION" \
        --parameters infra/main.bicepparam --output none
}

wait_to_try_again() {
    echo "Trying again in ${SECONDS_BETWEEN_TRIES:=60} seconds: $1" >&2
    sleep "$SECONDS_BETWEEN_TRIES"
}

# Hands the package over as it is, and prints the id of the deployment. `az functionapp deployment source config-zip`
# would have Azure build the app anew, and not run what `make package` made.
publish() {
    token=$(azure account get-access-token --query accessToken --output tsv) || return 1
    # By the standard input: everyone on the machine can read what stands on a command line.
    answer=$(printf 'header = "Authorization: Bearer %s"\n' "$token" |
        curl --config - --silent --show-error --fail-with-body --max-time 600 \
            --header "Content-Type: application/zip" --data-binary @dist/image-bakery.zip \
            "https://$site/api/publish?RemoteBuild=false&Deployer=image-bakery") || {
        echo "$answer" >&2
        return 1
    }
    echo "$answer" | tr -d '"'
}

# Waits, for ten minutes at most, until a deployment of the package has succeeded.
await_deployment() {
    polls=120
    while [ "$polls" -gt 0 ]; do
        # The site may miss a question while the app restarts.
        status=$(ask "$1" --query status) || status=unknown
        case $status in
        4) return 0 ;;
        3 | 5 | 6 | -1)
            echo "The deployment of the package ended with the status $status:" >&2
            ask "$1/log" --query "[].message" >&2 || true
            return 1
            ;;
        esac
        polls=$((polls - 1))
        sleep "${SECONDS_BETWEEN_POLLS:-5}"
    done
    echo "The deployment of the package is not over after ten minutes; its status is $status." >&2
    exit 1
}

ask() {
    deployment=$1
    shift
    azure rest --resource https://management.azure.com/ --url "https://$site/api/deployments/$deployment" \
        --output tsv "$@"
}

echo "Deploying the infrastructure ..."
deploy_infrastructure || {
    wait_to_try_again "a custom role that was just made is not known everywhere at once."
    deploy_infrastructure
}

app=$(azure functionapp list --resource-group "$group" --query '[0].name' --output tsv)
# The site of the app that takes packages.
site=$(azure resource show --resource-group "$group" --name "$app" --resource-type Microsoft.Web/sites \
    --query "properties.hostNameSslStates[?hostType=='Repository'].name | [0]" --output tsv)
echo "Deploying the app $app ..."
tries=10
until id=$(publish) && await_deployment "$id"; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        echo "The infrastructure is deployed, and the app is not. Run infra/deploy.sh again." >&2
        exit 1
    fi
    wait_to_try_again "the right to store the package may not hold everywhere yet."
done

echo "Subscribing it to events ..."
sh infra/subscribe_to_events.sh
