// The topic of the events that Azure Resource Manager publishes about this subscription. A subscription can have one.

@description('Name of the topic.')
param name string

@description('Tags.')
param tags object

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  // The topics of subscriptions belong to no region.
  location: 'global'
  tags: tags
  properties: {
    source: subscription().id
    topicType: 'Microsoft.Resources.Subscriptions'
  }
}
