package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// fields names, by Terraform attribute, what differs from the bridge's own translation of a schema.
type fields = map[string]*tfbridge.SchemaInfo

// resources maps Terraform resources to Pulumi's.
type resources = map[string]*tfbridge.ResourceInfo

// providerInfo is the whole mapping. Upstream resources outside it are not served.
func providerInfo(upstream shim.Provider) (tfbridge.ProviderInfo, error) {
	info := tfbridge.ProviderInfo{
		P:         upstream,
		Name:      packageName,
		Version:   version,
		Config:    providerConfig(),
		Resources: resources{},
	}
	for _, part := range []resources{
		lambdaResources(), eventResources(), messagingResources(), storageResources(),
		identityResources(), observabilityResources(), gatewayResources(),
	} {
		maps.Copy(info.Resources, part)
	}
	for _, name := range slices.Sorted(maps.Keys(info.Resources)) {
		served, ok := upstream.ResourcesMap().GetOk(name)
		if !ok {
			return info, fmt.Errorf("%s is mapped, but no kept service package of the upstream provider has it", name)
		}
		complete(info.Resources[name], served.Schema())
	}
	info.IgnoreMappings = unmapped(info)
	return info, nil
}

// complete adds what holds for every resource that has the attribute in question: automatic names, `region` and
// `tags_all` filled from the provider's settings, the latter invisible to programs.
func complete(mapped *tfbridge.ResourceInfo, schema shim.SchemaMap) {
	if mapped.Fields == nil {
		mapped.Fields = fields{}
	}
	if name, ok := schema.GetOk("name"); ok && (name.Optional() || name.Required()) && mapped.Fields["name"] == nil {
		mapped.Fields["name"] = tfbridge.AutoName("name", 255, "-")
	}
	region, hasRegion := schema.GetOk("region")
	all, hasTags := schema.GetOk("tags_all")
	fillsRegion, fillsTags := hasRegion && region.Optional(), hasTags && all.Optional()
	if fillsTags {
		mapped.Fields["tags_all"] = &tfbridge.SchemaInfo{MarkAsComputedOnly: tfbridge.True()}
	}
	if fillsRegion || fillsTags {
		mapped.PreCheckCallback = fillBoth(fillsRegion, fillsTags)
	}
}

// unmapped lists every upstream resource that is not served, and all data sources. Those that a program would ask
// for, getCallerIdentity and getRegion, belong to Terraform's plugin framework; see storageResources.
func unmapped(info tfbridge.ProviderInfo) []string {
	var names []string
	info.P.ResourcesMap().Range(func(name string, _ shim.Resource) bool {
		if _, ok := info.Resources[name]; !ok {
			names = append(names, name)
		}
		return true
	})
	info.P.DataSourcesMap().Range(func(name string, _ shim.Resource) bool {
		names = append(names, name)
		return true
	})
	return names
}

// mapTo maps a resource to `aws:<module>/<name, first letter lower>:<name>`.
func mapTo(module, name string, changed fields) *tfbridge.ResourceInfo {
	file := strings.ToLower(name[:1]) + name[1:]
	return &tfbridge.ResourceInfo{
		Tok:    tokens.Type(fmt.Sprintf("%s:%s/%s:%s", packageName, module, file, name)),
		Fields: changed,
	}
}

// renamed gives an attribute another Pulumi name than its own in camel case.
func renamed(name string) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Name: name}
}

// document accepts a JSON text or the value that the text would describe.
func document() *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Transform: tfbridge.TransformJSONDocument}
}

// asset takes files of the program in place of the path that upstream wants.
func asset(name string, kind tfbridge.AssetTranslationKind) *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{Name: name, Asset: &tfbridge.AssetTranslation{Kind: kind}}
}

// list stays a list, though upstream allows one element only.
func list() *tfbridge.SchemaInfo {
	return &tfbridge.SchemaInfo{MaxItemsOne: tfbridge.False()}
}
