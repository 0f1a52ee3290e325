// Sign-in with Microsoft Entra ID in front of the app (App Service authentication). The app checks the roles itself.

@description('Name of the function app.')
param appName string

@description('Client id of the app registration; empty switches sign-in off.')
param clientId string

@description('Whether requests without a sign-in reach the app, which lets function keys do what needs no person.')
param keysWithoutSignIn bool

// Deployed without a client id too: a site keeps the sign-in that it once had until it is told otherwise.
var isOn = !empty(clientId)
var isRequired = isOn && !keysWithoutSignIn

var directory = {
  enabled: true
  registration: {
    clientId: clientId
    openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
  }
  validation: {
    allowedAudiences: [
      clientId
      'api://${clientId}'
    ]
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: appName
}

resource authentication 'Microsoft.Web/sites/config@2024-04-01' = {
  // checkov:skip=CKV_AZURE_66:This is no configuration of a web site, and the plan has no failed-request tracing
  // checkov:skip=CKV_AZURE_63:This is no configuration of a web site; Application Insights has the requests
  // checkov:skip=CKV_AZURE_65:This is no configuration of a web site; errors are told in Application Insights, not to callers
  // checkov:skip=CKV_AZURE_80:The app is written in Python
  // checkov:skip=CKV_AZURE_88:The plan has no file shares; the package is run from a container
  // checkov:skip=CKV_AZURE_222:Public access is decided on the site itself
  // checkov:skip=CKV_AZURE_13:This is the sign-in; the scanner looks for its older form
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: isOn
    }
    globalValidation: {
      requireAuthentication: isRequired
      unauthenticatedClientAction: isRequired ? 'Return401' : 'AllowAnonymous'
      // Event Grid comes with the key of its webhook, which the host checks. Its functions' webhook is written both ways,
      // and whether case counts here is not documented.
      excludedPaths: [
        '/runtime/webhooks/blobs'
        '/runtime/webhooks/eventgrid'
        '/runtime/webhooks/EventGrid'
      ]
    }
    identityProviders: isOn ? { azureActiveDirectory: directory } : {}
    httpSettings: {
      requireHttps: true
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}
