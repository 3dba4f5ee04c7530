package conns

import "context"

// NoEC2Client stands where a client of the EC2 SDK would be; the stand-in of package ec2 takes it.
type NoEC2Client struct{}

// EC2Client replaces the generated method of this name.
func (c *AWSClient) EC2Client(context.Context) NoEC2Client {
	return NoEC2Client{}
}
