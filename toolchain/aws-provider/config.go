package main

import (
	"context"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// providerConfig gives the provider's own settings the defaults of the official package.
func providerConfig() fields {
	return fields{
		"region":                      {Default: &tfbridge.DefaultInfo{EnvVars: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}}},
		"skip_credentials_validation": {Default: &tfbridge.DefaultInfo{Value: false}},
		"skip_metadata_api_check":     {Type: "boolean"}, // upstream: a text, to tell false from nothing
		"skip_region_validation":      {Default: &tfbridge.DefaultInfo{Value: true}},
	}
}

// fillRegion writes the provider's region into the inputs of a resource that names none. Upstream adds it while it
// plans, after Pulumi has checked the inputs; Pulumi would then see a property that nobody set.
func fillRegion(_ context.Context, inputs, config resource.PropertyMap) (resource.PropertyMap, error) {
	if given, ok := inputs["region"]; ok && !given.IsNull() {
		return inputs, nil
	}
	region, ok := config["region"]
	if !ok || region.IsNull() {
		return inputs, nil
	}
	filled := inputs.Copy()
	filled["region"] = region
	return filled, nil
}
