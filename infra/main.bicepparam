// Parameters of main.bicep. azd sets the variables; who deploys without it may write values here.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prd')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')

// Written once, for the app and for its deployment. loadJsonContent() passes over the comments of the file; json() would
// take those in a list for elements of it.
param environments = loadJsonContent('../parameters/pipeline.json').environments
param buildEvents = bool(readEnvironmentVariable('BUILD_EVENTS', 'true'))
param ownStagingGroups = bool(readEnvironmentVariable('OWN_STAGING_GROUPS', 'false'))

param notificationEmails = json(readEnvironmentVariable('NOTIFICATION_EMAILS', '[]'))
param uploaderGroupIds = json(readEnvironmentVariable('UPLOADER_GROUP_IDS', '[]'))
param authenticationClientId = readEnvironmentVariable('AUTHENTICATION_CLIENT_ID', '')
param privateNetworking = bool(readEnvironmentVariable('PRIVATE_NETWORKING', 'false'))
