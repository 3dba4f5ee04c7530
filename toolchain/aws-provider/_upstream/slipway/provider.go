// Package slipway opens the upstream provider to the bridge: what it needs lies in internal packages. It stands inside
// the copy of the upstream module and replaces xpprovider, which would also compile the plugin-framework provider.
package slipway

import (
	"context"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

	"github.com/hashicorp/terraform-provider-aws/internal"
	"github.com/hashicorp/terraform-provider-aws/internal/provider/sdkv2"
)

// NewProvider makes the upstream provider with the resources of the service packages that were kept.
func NewProvider(ctx context.Context) (*schema.Provider, error) {
	internal.RegisterSmarterrFS() // without it the errors of some services lose their texts
	return sdkv2.NewProvider(ctx)
}
