// Says by mail, and in the portal, what somebody should look at. The queries are those of infra/queries.

@description('Name of this installation.')
param environmentName string

@description('Name of Application Insights.')
param applicationInsightsName string

@description('Resource id of the action group.')
param actionGroupId string

@description('Region.')
param location string

@description('Tags.')
param tags object

// A query that looks back over two days by itself is given them: no alert can see further.
var alerts = [
  {
    name: 'run-failed'
    displayName: 'Image Bakery: a run failed'
    description: 'A run ended in a failure; its record says at which step, and what Azure said.'
    query: loadTextContent('../queries/alert_run_failed.kql')
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    // Each failure is an alert of its own: the next run does not take it back.
    autoMitigate: false
  }
  {
    name: 'patch-missing'
    displayName: 'Image Bakery: no patch run seen'
    description: 'Nobody has looked for two days whether to patch, or the run of a month is due for more than a day.'
    query: loadTextContent('../queries/alert_patch_missing.kql')
    severity: 2
    evaluationFrequency: 'PT6H'
    windowSize: 'P2D'
    autoMitigate: true
  }
  {
    name: 'approval-waits'
    displayName: 'Image Bakery: an approval waits'
    description: 'A run has been waiting for an approval for more than a day.'
    query: loadTextContent('../queries/alert_approval_waits.kql')
    severity: 3
    evaluationFrequency: 'PT6H'
    windowSize: 'P2D'
    autoMitigate: true
  }
  {
    name: 'uploads-poisoned'
    displayName: 'Image Bakery: an upload was given up'
    description: 'The Functions host has tried an upload five times, and put it into the poison queue.'
    query: loadTextContent('../queries/alert_uploads_poisoned.kql')
    severity: 2
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    autoMitigate: false
  }
]

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in alerts: {
  name: 'image-bakery-${environmentName}-${alert.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: alert.displayName
    description: alert.description
    enabled: true
    severity: alert.severity
    scopes: [
      applicationInsights.id
    ]
    evaluationFrequency: alert.evaluationFrequency
    windowSize: alert.windowSize
    autoMitigate: alert.autoMitigate
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    // Where the app has told nothing yet there is no table to query, which is no fault of the query.
    skipQueryValidation: true
    actions: {
      actionGroups: [
        actionGroupId
      ]
    }
  }
}]
