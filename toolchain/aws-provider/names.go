package main

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// fifoName names a queue or topic and ends in `.fifo` where AWS demands it: when flag is true in the inputs.
func fifoName(maximum int, flag resource.PropertyKey) *tfbridge.SchemaInfo {
	const suffix = ".fifo"
	return tfbridge.AutoNameWithCustomOptions("name", tfbridge.AutoNameOptions{
		Separator: "-",
		Maxlen:    maximum - len(suffix),
		Randlen:   7,
		PostTransform: func(res *tfbridge.PulumiResource, name string) (string, error) {
			if ordered, ok := res.Properties[flag]; ok && ordered.IsBool() && ordered.BoolValue() {
				return name + suffix, nil
			}
			return name, nil
		},
	})
}

// prefixedName names a resource whose name must begin with a prefix.
func prefixedName(name, prefix string, maximum int) *tfbridge.SchemaInfo {
	return tfbridge.AutoNameTransform(name, maximum-len(prefix), func(chosen string) string {
		return prefix + chosen
	})
}

// lowerName names a resource whose name may have no capitals.
func lowerName(name string, maximum int) *tfbridge.SchemaInfo {
	return tfbridge.AutoNameTransform(name, maximum, strings.ToLower)
}

// resourceName takes the name of the Pulumi resource as it is, without a random part.
func resourceName(name string) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Name: name, Default: &tfbridge.DefaultInfo{
		ComputeDefault: func(_ context.Context, opts tfbridge.ComputeDefaultOptions) (any, error) {
			return opts.URN.Name(), nil
		},
	}}
}
