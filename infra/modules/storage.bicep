// The storage of the app: the host's own state, Durable Functions' histories, records, uploads, the app's package.

@description('Name of the storage account.')
param accountName string

@description('Name of the topic of its events.')
param topicName string

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('Redundancy.')
param redundancy string

@description('Whether it is reached through private endpoints alone.')
param isPrivate bool

var deploymentContainer = 'deployments'
var containers = [
  'uploads'
  'records'
  deploymentContainer
]

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  // checkov:skip=CKV_AZURE_35:Private networking closes it; without that, sign-in alone opens the account
  // checkov:skip=CKV_AZURE_206:The parameter storageRedundancy is zone-redundant unless someone chooses otherwise
  // checkov:skip=CKV_AZURE_43:The name is made in names.bicep of lower-case letters and digits, at most 24
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: redundancy
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    // The app, its host and people sign in; there are no keys that could leak.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      // Event Grid reads the account to publish its events.
      bypass: 'AzureServices'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: 14
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 14
    }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [for container in containers: {
  parent: blobs
  name: container
  properties: {
    publicAccess: 'None'
  }
}]

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: topicName
  location: location
  tags: tags
  properties: {
    source: account.id
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

@description('Name of the storage account.')
output accountName string = account.name

@description('Container of the package of the app.')
output deploymentContainerName string = deploymentContainer
