// Pulumi's Kubernetes provider. Its own main package embeds two files that its module does not carry in the form it
// expects; they are prepared beside this one before the build (toolchain/kubernetes_provider.py).
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

// version is set by the linker.
var version string

func main() { provider.Serve("kubernetes", version, schema, terraformMapping) }
