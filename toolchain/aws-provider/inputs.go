package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Upstream completes two properties while it plans, after Pulumi has checked the inputs; a preview would then show
// changes of properties that nobody set. Like the official package, these functions put them into the inputs, from
// the provider's settings.

// fillBoth fills what a resource has of the two.
func fillBoth(region, tags bool) tfbridge.PreCheckCallback {
	return func(ctx context.Context, inputs, settings resource.PropertyMap) (resource.PropertyMap, error) {
		filled := inputs.Copy()
		if region {
			fillRegion(filled, settings)
		}
		if tags {
			fillTagsAll(filled, settings)
		}
		return filled, nil
	}
}

// fillRegion gives a resource that names no region that of the provider.
func fillRegion(inputs, settings resource.PropertyMap) {
	if given, ok := inputs["region"]; ok && !given.IsNull() {
		return
	}
	if region, ok := settings["region"]; ok && !region.IsNull() {
		inputs["region"] = region
	}
}

// fillTagsAll gives a resource the union of its own tags and the provider's default tags, without ignored ones.
func fillTagsAll(inputs, settings resource.PropertyMap) {
	defaults := member(settings["defaultTags"], "tags")
	if defaults.ContainsUnknowns() || inputs["tags"].ContainsUnknowns() {
		inputs["tagsAll"] = resource.MakeComputed(resource.NewStringProperty(""))
		return
	}
	all := resource.PropertyMap{}
	for _, tags := range []resource.PropertyValue{defaults, inputs["tags"]} {
		if tags.IsObject() {
			maps.Copy(all, tags.ObjectValue())
		}
	}
	names := texts(member(settings["ignoreTags"], "keys"))
	prefixes := texts(member(settings["ignoreTags"], "keyPrefixes"))
	maps.DeleteFunc(all, func(key resource.PropertyKey, _ resource.PropertyValue) bool {
		return slices.Contains(names, string(key)) || slices.ContainsFunc(prefixes, func(prefix string) bool {
			return strings.HasPrefix(string(key), prefix)
		})
	})
	inputs["tagsAll"] = resource.NewObjectProperty(all) // empty too: that is how the last default tag goes away
}

// member is a property of an object, or null when there is no such object or property.
func member(object resource.PropertyValue, name resource.PropertyKey) resource.PropertyValue {
	if !object.IsObject() {
		return resource.NewNullProperty()
	}
	return object.ObjectValue()[name]
}

// texts are the elements of a list of texts.
func texts(list resource.PropertyValue) []string {
	var found []string
	if list.IsArray() {
		for _, element := range list.ArrayValue() {
			if element.IsString() {
				found = append(found, element.StringValue())
			}
		}
	}
	return found
}
