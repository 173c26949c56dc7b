/** Of the "internet": where connections through an internet gateway come from in the lab (RFC 5737, TEST-NET-2). */
export const INTERNET_ADDRESS = "198.51.100.1";
/** Of the instance metadata service (EC2 User Guide, "Access instance metadata"). */
export const METADATA_ADDRESS = "169.254.169.254";
/** Of the resolver, beside the VPC's address plus two (VPC User Guide, "Amazon DNS server"). */
export const RESOLVER_LINK_LOCAL = "169.254.169.253";
