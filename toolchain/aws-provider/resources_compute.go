package main

import "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

func lambdaResources() resources {
	return resources{
		"aws_lambda_function": mapTo("lambda", "Function", fields{
			"function_name": tfbridge.AutoName("name", 64, "-"),
			"filename":      asset("code", tfbridge.FileArchive),
			"architectures": list(),
		}),
		"aws_lambda_alias":                        mapTo("lambda", "Alias", nil),
		"aws_lambda_permission":                   mapTo("lambda", "Permission", fields{"function_name": renamed("function")}),
		"aws_lambda_function_url":                 mapTo("lambda", "FunctionUrl", nil),
		"aws_lambda_code_signing_config":          mapTo("lambda", "CodeSigningConfig", nil),
		"aws_lambda_event_source_mapping":         mapTo("lambda", "EventSourceMapping", nil),
		"aws_lambda_function_event_invoke_config": mapTo("lambda", "FunctionEventInvokeConfig", nil),
		"aws_lambda_layer_version": mapTo("lambda", "LayerVersion", fields{
			"filename": asset("code", tfbridge.FileArchive),
		}),
		"aws_lambda_provisioned_concurrency_config": mapTo("lambda", "ProvisionedConcurrencyConfig", nil),
	}
}

func gatewayResources() resources {
	return resources{
		"aws_apigatewayv2_api":         mapTo("apigatewayv2", "Api", nil),
		"aws_apigatewayv2_api_mapping": mapTo("apigatewayv2", "ApiMapping", nil),
		"aws_apigatewayv2_authorizer":  mapTo("apigatewayv2", "Authorizer", nil),
		"aws_apigatewayv2_domain_name": mapTo("apigatewayv2", "DomainName", nil),
		"aws_apigatewayv2_integration": mapTo("apigatewayv2", "Integration", nil),
		"aws_apigatewayv2_route":       mapTo("apigatewayv2", "Route", nil),
		"aws_apigatewayv2_stage":       mapTo("apigatewayv2", "Stage", nil),
	}
}

func eventResources() resources {
	return resources{
		"aws_cloudwatch_event_bus":        mapTo("cloudwatch", "EventBus", nil),
		"aws_cloudwatch_event_permission": mapTo("cloudwatch", "EventPermission", nil),
		"aws_cloudwatch_event_rule":       mapTo("cloudwatch", "EventRule", fields{"name": tfbridge.AutoName("name", 64, "-")}),
		"aws_cloudwatch_event_target": mapTo("cloudwatch", "EventTarget", fields{
			"target_id": tfbridge.AutoName("targetId", 64, "-"),
		}),
		"aws_scheduler_schedule":       mapTo("scheduler", "Schedule", fields{"name": tfbridge.AutoName("name", 64, "-")}),
		"aws_scheduler_schedule_group": mapTo("scheduler", "ScheduleGroup", fields{"name": tfbridge.AutoName("name", 64, "-")}),
	}
}

func messagingResources() resources {
	return resources{
		"aws_sqs_queue":                      mapTo("sqs", "Queue", fields{"name": fifoName(80, "fifoQueue")}),
		"aws_sqs_queue_policy":               mapTo("sqs", "QueuePolicy", fields{"policy": document()}),
		"aws_sqs_queue_redrive_policy":       mapTo("sqs", "RedrivePolicy", nil),
		"aws_sqs_queue_redrive_allow_policy": mapTo("sqs", "RedriveAllowPolicy", nil),
		"aws_sns_topic":                      mapTo("sns", "Topic", fields{"name": fifoName(256, "fifoTopic")}),
		"aws_sns_topic_policy":               mapTo("sns", "TopicPolicy", fields{"policy": document()}),
		"aws_sns_topic_subscription":         mapTo("sns", "TopicSubscription", fields{"topic_arn": renamed("topic")}),
	}
}
