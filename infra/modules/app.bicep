// The function app on a Flex Consumption plan. Its code comes later, into the container for deployments.

@description('Name of the plan.')
param planName string

@description('Name of the function app.')
param appName string

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('Resource id of the identity of the app.')
param identityId string

@description('Client id of the identity of the app.')
param identityClientId string

@description('Name of the storage account.')
param accountName string

@description('Container of the package of the app.')
param deploymentContainerName string

@description('Name of Application Insights.')
param applicationInsightsName string

@description('GUIDs of the custom roles, by their keys in policies/access/rights.json.')
param customRoles object

@description('Memory of an instance, in MB.')
param instanceMemoryMB int

@description('At most so many instances at a time.')
param maximumInstanceCount int

@description('When to look whether a patch run is due.')
param patchTimer string

@description('How long uploads have to be quiet, in seconds.')
param uploadQuietSeconds int

@description('Other application settings.')
param additionalSettings object

@description('Subnet that the app is integrated into; empty for none.')
param subnetId string

@description('Address ranges that may call the HTTP API; empty for all.')
param allowedAddressRanges array

@description('Client id of the app registration for sign-in; empty for none.')
param authenticationClientId string

@description('With sign-in: whether requests without one reach the app.')
param keysWithoutSignIn bool

// Of the custom roles, those that the app gives to the identities of Azure Image Builder.
var rolesOfImageBuilder = {
  imageVersionWriter: customRoles.imageVersionWriter
  managedImageWriter: customRoles.managedImageWriter
  subnetJoiner: customRoles.subnetJoiner
}

var addressRules = map(range(0, length(allowedAddressRanges)), index => {
  name: 'Caller${index}'
  priority: 200 + index
  action: 'Allow'
  ipAddress: allowedAddressRanges[index]
})
var eventGridRule = {
  name: 'EventGrid'
  priority: 100
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'AzureEventGrid'
}

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: accountName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  // checkov:skip=CKV_AZURE_225:What a lost zone interrupts goes on in another one from the histories in zone-redundant storage
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  // checkov:skip=CKV_AZURE_222:Event Grid delivers over the public address; allowedAddressRanges closes it to all others
  // checkov:skip=CKV_AZURE_17:Callers sign in or have a key; Event Grid and people have no client certificates
  // checkov:skip=CKV_AZURE_212:The app scales to zero; a request or an event starts an instance
  // checkov:skip=CKV_AZURE_213:The plan has no health check: instances come and go with the work
  name: appName
  location: location
  tags: union(tags, {
    'azd-service-name': 'app'
  })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
      ipSecurityRestrictionsDefaultAction: empty(allowedAddressRanges) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: empty(allowedAddressRanges) ? [] : concat([eventGridRule], addressRules)
      // Deployments sign in with Microsoft Entra ID, from wherever the pipeline runs.
      scmIpSecurityRestrictionsUseMain: false
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${account.properties.primaryEndpoints.blob}${deploymentContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
    }
  }
}

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  // checkov:skip=CKV_AZURE_66:This is no configuration of a web site, and the plan has no failed-request tracing
  // checkov:skip=CKV_AZURE_63:This is no configuration of a web site; Application Insights has the requests
  // checkov:skip=CKV_AZURE_65:This is no configuration of a web site; errors are told in Application Insights, not to callers
  // checkov:skip=CKV_AZURE_80:The app is written in Python
  // checkov:skip=CKV_AZURE_88:The plan has no file shares; the package is run from a container
  // checkov:skip=CKV_AZURE_222:Public access is decided on the site itself
  // checkov:skip=CKV_AZURE_13:Sign-in is configured in authentication.bicep
  parent: app
  name: 'appsettings'
  properties: union(additionalSettings, {
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    AzureWebJobsStorage__blobServiceUri: account.properties.primaryEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: account.properties.primaryEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: account.properties.primaryEndpoints.table
    APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identityClientId}'
    APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL: 'true'
    APPLICATIONINSIGHTS_SDKSTATS_DISABLED: 'true'
    PYTHON_ENABLE_OPENTELEMETRY: 'true'
    ARM_ENDPOINT: environment().resourceManager
    AZURE_CLIENT_ID: identityClientId
    CUSTOM_ROLES: string(rolesOfImageBuilder)
    PATCH_TIMER: patchTimer
    UPLOAD_QUIET_SECONDS: string(uploadQuietSeconds)
  })
}

// What configures the site is written one after the other: writes side by side conflict.

// Whoever deploys signs in with Microsoft Entra ID: there are no publishing passwords.
resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
  dependsOn: [
    settings
  ]
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
  dependsOn: [
    ftp
  ]
}

module authentication 'authentication.bicep' = {
  name: 'authentication'
  params: {
    appName: app.name
    clientId: authenticationClientId
    keysWithoutSignIn: keysWithoutSignIn
  }
  dependsOn: [
    scm
  ]
}

@description('Name of the function app.')
output name string = app.name

@description('Its address.')
output url string = 'https://${app.properties.defaultHostName}'
