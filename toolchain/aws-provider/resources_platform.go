package main

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

// storageResources leaves out aws_s3_bucket_lifecycle_configuration: upstream wrote it for Terraform's other plugin
// framework, and the bridge for that one would more than double the build.
func storageResources() resources {
	return resources{
		"aws_s3_bucket": mapTo("s3", "Bucket", fields{
			"bucket": lowerName("bucket", 63),
			"policy": document(),
		}),
		"aws_s3_bucket_ownership_controls":  mapTo("s3", "BucketOwnershipControls", nil),
		"aws_s3_bucket_policy":              mapTo("s3", "BucketPolicy", fields{"policy": document()}),
		"aws_s3_bucket_public_access_block": mapTo("s3", "BucketPublicAccessBlock", nil),
		"aws_s3_bucket_server_side_encryption_configuration": mapTo(
			"s3", "BucketServerSideEncryptionConfiguration", nil),
		"aws_s3_bucket_versioning": mapTo("s3", "BucketVersioning", nil),
		"aws_s3_object": mapTo("s3", "BucketObjectv2", fields{
			"key":    resourceName("key"),
			"source": asset("source", tfbridge.FileAsset),
		}),
		"aws_dynamodb_table": mapTo("dynamodb", "Table", fields{
			"global_secondary_index": renamed("globalSecondaryIndexes"),
			"local_secondary_index":  renamed("localSecondaryIndexes"),
		}),
		"aws_ecr_lifecycle_policy":  mapTo("ecr", "LifecyclePolicy", fields{"policy": document()}),
		"aws_ecr_repository":        mapTo("ecr", "Repository", fields{"name": lowerName("name", 256)}),
		"aws_ecr_repository_policy": mapTo("ecr", "RepositoryPolicy", fields{"policy": document()}),
	}
}

func identityResources() resources {
	return resources{
		"aws_iam_policy": mapTo("iam", "Policy", fields{
			"name":   tfbridge.AutoName("name", 128, "-"),
			"policy": document(),
		}),
		"aws_iam_role": mapTo("iam", "Role", fields{
			"name":               tfbridge.AutoName("name", 64, "-"),
			"assume_role_policy": document(),
		}),
		"aws_iam_role_policy": mapTo("iam", "RolePolicy", fields{
			"name":   tfbridge.AutoName("name", 128, "-"),
			"policy": document(),
		}),
		"aws_iam_role_policy_attachment":    mapTo("iam", "RolePolicyAttachment", nil),
		"aws_kms_alias":                     mapTo("kms", "Alias", fields{"name": prefixedName("name", "alias/", 256)}),
		"aws_kms_key":                       mapTo("kms", "Key", nil),
		"aws_secretsmanager_secret":         mapTo("secretsmanager", "Secret", nil),
		"aws_secretsmanager_secret_policy":  mapTo("secretsmanager", "SecretPolicy", nil),
		"aws_secretsmanager_secret_version": mapTo("secretsmanager", "SecretVersion", nil),
		"aws_ssm_parameter":                 mapTo("ssm", "Parameter", nil),
	}
}

func observabilityResources() resources {
	filter := mapTo("cloudwatch", "LogSubscriptionFilter", fields{"log_group_name": renamed("logGroup")})
	filter.DeleteBeforeReplace = true // a log group takes only a few of them at once
	return resources{
		"aws_cloudwatch_dashboard":               mapTo("cloudwatch", "Dashboard", nil),
		"aws_cloudwatch_log_group":               mapTo("cloudwatch", "LogGroup", fields{"name": tfbridge.AutoName("name", 512, "-")}),
		"aws_cloudwatch_log_metric_filter":       mapTo("cloudwatch", "LogMetricFilter", nil),
		"aws_cloudwatch_log_resource_policy":     mapTo("cloudwatch", "LogResourcePolicy", fields{"policy_document": document()}),
		"aws_cloudwatch_log_stream":              mapTo("cloudwatch", "LogStream", fields{"name": tfbridge.AutoName("name", 512, "-")}),
		"aws_cloudwatch_log_subscription_filter": filter,
		"aws_cloudwatch_metric_alarm": mapTo("cloudwatch", "MetricAlarm", fields{
			"alarm_name": tfbridge.AutoName("name", 255, "-"),
		}),
		"aws_kinesis_firehose_delivery_stream": mapTo("kinesis", "FirehoseDeliveryStream", fields{
			"name": tfbridge.AutoName("name", 64, "-"),
		}),
	}
}
