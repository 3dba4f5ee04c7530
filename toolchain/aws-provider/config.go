package main

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

// providerConfig gives the provider's own settings the defaults of the official package.
func providerConfig() fields {
	return fields{
		"region":                      {Default: &tfbridge.DefaultInfo{EnvVars: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}}},
		"skip_credentials_validation": {Default: &tfbridge.DefaultInfo{Value: false}},
		"skip_metadata_api_check":     {Type: "boolean"}, // upstream: a text, to tell false from nothing
		"skip_region_validation":      {Default: &tfbridge.DefaultInfo{Value: true}},
	}
}
