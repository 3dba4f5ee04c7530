package main

import (
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	pschema "github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// packageSchema describes the provider's settings and each mapped resource.
func packageSchema(info tfbridge.ProviderInfo) pschema.PackageSpec {
	d := describer{types: map[string]pschema.ComplexTypeSpec{}}
	settings := d.object(packageName+":index/provider", "Provider", info.P.Schema(), info.Config)
	spec := pschema.PackageSpec{
		Name:    packageName,
		Version: version,
		Meta:    &pschema.MetadataSpec{ModuleFormat: "(.*)(?:/[^/]*)"}, // module "lambda/function" is module "lambda"
		Config:  pschema.ConfigSpec{Variables: settings.inputs, Required: settings.requiredInputs},
		Provider: pschema.ResourceSpec{
			ObjectTypeSpec:  pschema.ObjectTypeSpec{Type: "object"},
			InputProperties: settings.inputs,
			RequiredInputs:  settings.requiredInputs,
		},
		Resources: map[string]pschema.ResourceSpec{},
		Types:     d.types,
	}
	for name, mapped := range info.Resources {
		attributes := info.P.ResourcesMap().Get(name).Schema()
		described := d.object(string(mapped.Tok.Module()), string(mapped.Tok.Name()), attributes, mapped.Fields)
		delete(described.outputs, "id") // every Pulumi resource has one of its own
		spec.Resources[string(mapped.Tok)] = pschema.ResourceSpec{
			ObjectTypeSpec: pschema.ObjectTypeSpec{
				Type: "object", Properties: described.outputs, Required: described.requiredOutputs,
			},
			InputProperties: described.inputs,
			RequiredInputs:  described.requiredInputs,
		}
	}
	return spec
}

// described is one object seen from both sides.
type described struct {
	inputs, outputs                 map[string]pschema.PropertySpec
	requiredInputs, requiredOutputs []string
}

// describer collects the named object types that properties refer to.
type describer struct {
	types map[string]pschema.ComplexTypeSpec
}

// object describes an object. Its nested types belong to module, that of one resource: two resources may have types
// of one name. owner is the name before theirs.
func (d describer) object(module, owner string, attributes shim.SchemaMap, infos fields) described {
	found := described{inputs: map[string]pschema.PropertySpec{}, outputs: map[string]pschema.PropertySpec{}}
	attributes.Range(func(attribute string, schema shim.Schema) bool {
		info := infos[attribute]
		if schema.Removed() != "" || (info != nil && info.Omit) {
			return true
		}
		name := tfbridge.TerraformToPulumiNameV2(attribute, attributes, infos)
		property := pschema.PropertySpec{
			TypeSpec:           d.property(module, owner+title(singular(attribute)), schema, info),
			Secret:             schema.Sensitive() || info != nil && info.Secret != nil && *info.Secret,
			DeprecationMessage: schema.Deprecated(),
		}
		found.outputs[name] = property
		if schema.Required() || schema.Computed() {
			found.requiredOutputs = append(found.requiredOutputs, name)
		}
		if isInput(schema, info) {
			found.inputs[name] = property
			if schema.Required() && (info == nil || info.Default == nil) {
				found.requiredInputs = append(found.requiredInputs, name)
			}
		}
		return true
	})
	return found
}

func isInput(schema shim.Schema, info *tfbridge.SchemaInfo) bool {
	computedOnly := info != nil && info.MarkAsComputedOnly != nil && *info.MarkAsComputedOnly
	return (schema.Optional() || schema.Required()) && !computedOnly
}

// property gives the type of an attribute; named is the name of a nested type, if it needs one.
func (d describer) property(module, named string, schema shim.Schema, info *tfbridge.SchemaInfo) pschema.TypeSpec {
	if info != nil && info.Asset != nil {
		if info.Asset.Kind == tfbridge.FileAsset {
			return pschema.TypeSpec{Ref: "pulumi.json#/Asset"}
		}
		return pschema.TypeSpec{Ref: "pulumi.json#/Archive"}
	}
	if info != nil && info.Type != "" {
		return pschema.TypeSpec{Type: string(info.Type)}
	}
	switch schema.Type() {
	case shim.TypeBool:
		return pschema.TypeSpec{Type: "boolean"}
	case shim.TypeInt:
		return pschema.TypeSpec{Type: "integer"}
	case shim.TypeFloat:
		return pschema.TypeSpec{Type: "number"}
	case shim.TypeMap:
		element := d.element(module, named, schema, info)
		if strings.HasPrefix(element.Ref, "#/types/") { // upstream's way to write one nested object
			return element
		}
		return pschema.TypeSpec{Type: "object", AdditionalProperties: &element}
	case shim.TypeList, shim.TypeSet:
		element := d.element(module, named, schema, info)
		if tfbridge.IsMaxItemsOne(schema, info) {
			return element
		}
		return pschema.TypeSpec{Type: "array", Items: &element}
	default:
		return pschema.TypeSpec{Type: "string"}
	}
}

// element gives the type of what a list, set or map holds.
func (d describer) element(module, named string, schema shim.Schema, info *tfbridge.SchemaInfo) pschema.TypeSpec {
	var inner *tfbridge.SchemaInfo
	if info != nil {
		inner = info.Elem
	}
	switch element := schema.Elem().(type) {
	case shim.Resource:
		var infos fields
		if inner != nil {
			infos = inner.Fields
		}
		nested := d.object(module, named, element.Schema(), infos)
		token := module + ":" + named
		d.types[token] = pschema.ComplexTypeSpec{ObjectTypeSpec: pschema.ObjectTypeSpec{
			Type: "object", Properties: nested.outputs, Required: nested.requiredInputs,
		}}
		return pschema.TypeSpec{Ref: "#/types/" + token}
	case shim.Schema:
		return d.property(module, named, element, inner)
	default:
		return pschema.TypeSpec{Type: "string"}
	}
}

func singular(attribute string) string {
	return tfbridge.TerraformToPulumiNameV2(attribute, nil, nil)
}

func title(name string) string {
	if name == "" {
		return name
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
