// What Image Bakery needs in Azure before its code is deployed. What needs the code follows in events.bicep.
targetScope = 'subscription'

import { nameOf, uniqueNameOf, storageNameOf, eventGroupNameOf } from 'names.bicep'

@description('Name of this installation: a part of all names, and alone in the tenant, which knows a custom role by its name. Lower-case letters, digits and hyphens. azd calls it the environment; it is not one of those that images go through.')
@minLength(2)
@maxLength(16)
param environmentName string

@description('Region of the app and all that it needs. Flex Consumption has to be offered there.')
@metadata({ azd: { type: 'location' } })
param location string

@description('The environments of parameters/pipeline.json: objects with "name" and "subscriptionId". In each subscription the app gets its rights, and the events of builds a topic.')
@minLength(1)
param environments array

@description('Whether the end of a build is told by an event. Each subscription of environments gets a topic of its own events then, of which Azure allows one. Without, builds are polled alone.')
param buildEvents bool = true

@description('Whether the app may give Contributor to the identities of Azure Image Builder, which a build with a stagingResourceGroup needs on that group. Whoever runs code in the app could then give it to any program of the tenant, anywhere in the subscriptions of environments.')
param ownStagingGroups bool = false

@description('Tags of every resource.')
param tags object = {}

@description('Addresses that alerts are mailed to. With none, alerts are shown in the portal only.')
param notificationEmails array = []

@description('Client id of the app registration that people and programs sign in with, with the app roles of infra/app-roles.json. Empty: function keys alone protect the HTTP API.')
param authenticationClientId string = ''

@description('With sign-in: whether requests that have a function key and no sign-in still reach the app. They decide on no approval by its routes; whoever has the system key of Durable Functions, or the master key, then can by its webhook.')
param keysWithoutSignIn bool = false

@description('Object ids of groups that may upload scripts to the container "uploads". Shared keys are off, so nobody can without.')
param uploaderGroupIds array = []

@description('Address ranges in CIDR form that may call the HTTP API, beside Event Grid. Empty: everyone with a key or a sign-in.')
param allowedAddressRanges array = []

@description('Whether storage is reached through private endpoints alone, by an app that is integrated into a virtual network made for it.')
param privateNetworking bool = false

@description('With private networking: address space of the virtual network; the app and the endpoints get a /26 of it each.')
param virtualNetworkAddressPrefix string = '10.80.0.0/24'

@description('Redundancy of the storage account. Records and uploads lie in it.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('Memory of an instance of the app, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('At most so many instances of the app at a time.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('When to look whether a patch run is due: six-field NCRONTAB in UTC.')
param patchTimer string = '0 0 * * * *'

@description('How long no script may have been uploaded before a run builds with the uploaded ones, in seconds.')
@minValue(0)
@maxValue(3600)
param uploadQuietSeconds int = 60

@description('Other application settings of docs/settings.md, by name.')
param additionalSettings object = {}

@description('How long telemetry is kept, in days.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

var rights = loadJsonContent('../policies/access/rights.json')
var allTags = union(tags, {
  'azd-env-name': environmentName
})
// Environments may share a subscription, and each subscription has one topic for its own events.
var subscriptionIds = union(map(environments, one => toLower(one.subscriptionId)), [])

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: nameOf('rg', environmentName)
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: nameOf('id', environmentName)
    location: location
    tags: allTags
  }
}

module roles 'modules/roles.bicep' = {
  name: 'image-bakery-roles-${environmentName}'
  params: {
    environmentName: environmentName
    subscriptionIds: subscriptionIds
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: nameOf('log', environmentName)
    applicationInsightsName: nameOf('appi', environmentName)
    actionGroupName: nameOf('ag', environmentName)
    location: location
    tags: allTags
    retentionDays: logRetentionDays
    notificationEmails: notificationEmails
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: group
  params: {
    networkName: nameOf('vnet', environmentName)
    securityGroupName: nameOf('nsg', environmentName)
    location: location
    tags: allTags
    addressPrefix: virtualNetworkAddressPrefix
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    accountName: storageNameOf(environmentName, subscription().subscriptionId)
    topicName: nameOf('egst', environmentName)
    location: location
    tags: allTags
    redundancy: storageRedundancy
    isPrivate: privateNetworking
  }
}

module endpoints 'modules/storage-endpoints.bicep' = if (privateNetworking) {
  name: 'storage-endpoints'
  scope: group
  params: {
    accountName: storage.outputs.accountName
    networkName: nameOf('vnet', environmentName)
    subnetId: privateNetworking ? network!.outputs.endpointSubnetId : ''
    environmentName: environmentName
    location: location
    tags: allTags
  }
}

module appRights 'modules/app-rights.bicep' = {
  name: 'app-rights'
  scope: group
  params: {
    accountName: storage.outputs.accountName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    principalId: identity.outputs.principalId
    uploaderGroupIds: uploaderGroupIds
  }
}

module environmentRights 'modules/environment.bicep' = [for subscriptionId in subscriptionIds: {
  // Another name than that of the deployment itself, which is one of the same subscription where the app is.
  name: 'image-bakery-rights-${environmentName}'
  scope: subscription(subscriptionId)
  params: {
    principalId: identity.outputs.principalId
    customRoles: roles.outputs.definitionGuids
    ownStagingGroups: ownStagingGroups
    buildEvents: buildEvents
    groupName: eventGroupNameOf(environmentName)
    topicName: nameOf('egst', environmentName)
    location: location
    // azd looks for its resource group by the tag that this one must not have.
    tags: tags
  }
}]

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  params: {
    planName: nameOf('asp', environmentName)
    appName: uniqueNameOf('func', environmentName, subscription().subscriptionId)
    location: location
    tags: allTags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    accountName: storage.outputs.accountName
    deploymentContainerName: storage.outputs.deploymentContainerName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    customRoles: roles.outputs.definitionGuids
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    patchTimer: patchTimer
    uploadQuietSeconds: uploadQuietSeconds
    additionalSettings: additionalSettings
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
    allowedAddressRanges: allowedAddressRanges
    authenticationClientId: authenticationClientId
    keysWithoutSignIn: keysWithoutSignIn
  }
  // The host reads its storage when it starts, and Azure the package when the app is made.
  dependsOn: [
    appRights
    endpoints
  ]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    environmentName: environmentName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    actionGroupId: monitoring.outputs.actionGroupId
    location: location
    tags: allTags
  }
}

@description('Resource group of the app.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output AZURE_FUNCTION_APP_NAME string = app.outputs.name

@description('Address of the HTTP API: IMAGE_BAKERY_URL of the command line.')
output IMAGE_BAKERY_URL string = app.outputs.url

@description('Storage account with the container "uploads".')
output AZURE_STORAGE_ACCOUNT_NAME string = storage.outputs.accountName

@description('Object id of the identity of the app, for rights on source images that lie elsewhere.')
output AZURE_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

@description('What those rights are: a role and why.')
output RIGHTS_ON_SOURCES_ELSEWHERE object = rights.app.onSourcesElsewhere
