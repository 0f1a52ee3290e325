// Where the app tells what happens, and who is told of what went wrong.

@description('Name of the Log Analytics workspace.')
param workspaceName string

@description('Name of Application Insights.')
param applicationInsightsName string

@description('Name of the action group.')
param actionGroupName string

@description('Region.')
param location string

@description('Tags.')
param tags object

@description('How long telemetry is kept, in days.')
param retentionDays int

@description('Addresses that alerts are mailed to.')
param notificationEmails array

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    features: {
      disableLocalAuth: true
    }
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: applicationInsightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    // The app sends as its identity: whoever learns the connection string can send nothing.
    DisableLocalAuth: true
  }
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'ImageBakery'
    emailReceivers: map(notificationEmails, address => {
      name: address
      emailAddress: address
      useCommonAlertSchema: true
    })
  }
}

@description('Name of Application Insights.')
output applicationInsightsName string = applicationInsights.name

@description('Resource id of the action group.')
output actionGroupId string = actionGroup.id
