// The command pulumi-resource-aws serves the part of Terraform's AWS provider that Slipway deploys as the Pulumi
// package "aws", with the tokens and property names of the official package of the same version.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/hashicorp/terraform-provider-aws/slipway"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/pkg/v3/resource/provider"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

const (
	packageName = "aws"
	version     = "7.21.0" // of the official package whose names are served
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "-version" {
		fmt.Println(version)
		return
	}
	if err := serve(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(ctx context.Context) error {
	log.SetOutput(io.Discard) // upstream announces itself; InitLogging opens the log again
	upstream, err := slipway.NewProvider(ctx)
	if err != nil {
		return fmt.Errorf("upstream AWS provider: %w", err)
	}
	// Its replacement is not served; a warning that nobody can follow would stand in every preview.
	upstream.ResourcesMap["aws_s3_bucket"].SchemaMap()["lifecycle_rule"].Deprecated = ""
	info, err := providerInfo(shimv2.NewProvider(upstream))
	if err != nil {
		return err
	}
	info.P.InitLogging(ctx)
	return provider.Main(packageName, func(host *provider.HostClient) (pulumirpc.ResourceProviderServer, error) {
		server := tfbridge.NewProvider(ctx, host, packageName, version, info.P, info, nil)
		return &awsServer{ResourceProviderServer: server, info: info}, nil
	})
}
