// Subscribes the deployed app to events: each subscription needs a function, or the key of one, that is there.
targetScope = 'subscription'

import { nameOf, uniqueNameOf, eventGroupNameOf } from 'names.bicep'

@description('Name of this installation, as it was given to main.bicep.')
@minLength(2)
@maxLength(16)
param environmentName string

@description('The environments, as they were given to main.bicep.')
@minLength(1)
param environments array

@description('Whether the end of a build is told by an event, as it was given to main.bicep.')
param buildEvents bool = true

var subscriptionIds = buildEvents ? union(map(environments, one => toLower(one.subscriptionId)), []) : []
var appName = uniqueNameOf('func', environmentName, subscription().subscriptionId)

module uploads 'modules/upload-events.bicep' = {
  name: 'upload-events'
  scope: resourceGroup(nameOf('rg', environmentName))
  params: {
    topicName: nameOf('egst', environmentName)
    appName: appName
  }
}

module builds 'modules/build-events.bicep' = [for subscriptionId in subscriptionIds: {
  name: 'build-events-${environmentName}'
  scope: resourceGroup(subscriptionId, eventGroupNameOf(environmentName))
  params: {
    topicName: nameOf('egst', environmentName)
    appId: '${subscription().id}/resourceGroups/${nameOf('rg', environmentName)}/providers/Microsoft.Web/sites/${appName}'
  }
}]
