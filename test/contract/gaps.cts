/** Where Cliniko's documents are known to say something else than the schemas do. */
export interface Gap {
	/** Fits the deviations that it explains. */
	fits: RegExp;
	/** Why Cliniko is taken to behave otherwise than the reference of 2023-10 says. */
	why: string;
}

const CHANGING: Gap = {
	fits: /^change an attachment: not documented$/,
	why: 'PATCH /patient_attachments/{id} is missing from the reference of 2023-10; the list of operations of 2025-06 has it.',
};

const CONTENT: Gap = {
	fits: /^get the content: not documented$/,
	why: 'The content’s address is no operation of the reference: a record has it as its link `content`. Integrators have seen 303.',
};

export const REQUEST_GAPS: Gap[] = [
	CHANGING,
	CONTENT,
	{
		fits: /^create an attachment: body\/upload_url must match format "uri"$/,
		why: 'The guide wants the key as S3 has it, unencoded; with a space in the file’s name that is no URI.',
	},
];

export const REPLY_GAPS: Gap[] = [
	CHANGING,
	CONTENT,
	{
		fits: /^get a presigned post: body\/fields must NOT have additional properties \(x-amz-date\)$/,
		why: 'The schema leaves x-amz-date out; the guide’s example has it, and S3 wants it.',
	},
	{
		fits: /: status (400|401|403|404) is not documented$/,
		why: 'The reference has 200, 201, 204 and 422 only. The guide names the other statuses as "conventional"; their bodies are not documented.',
	},
];

/** What the sandbox can be set to although the documents have it otherwise. */
export const AGAINST_THE_DOCUMENTS: Array<{ setting: string; why: string }> = [
	{
		setting: 'ids=numbers',
		why: 'Ids are strings in the reference; they once were numbers.',
	},
	{
		setting: 'emptyValues=empty string',
		why: 'A date that is not there is null; a client should not let a patient through for an empty one.',
	},
	{
		setting: 'rateLimitReset=seconds from now',
		why: 'X-RateLimit-Reset is an epoch time; other services have seconds there.',
	},
	{
		setting: 'contentReply=relative redirect',
		why: 'Integrators have seen 303 to S3.',
	},
	{ setting: 'contentReply=inline', why: 'Integrators have seen 303 to S3.' },
	{
		setting: 'uploadUrlRefusal=500',
		why: 'A wrong address is the client’s mistake, for which the guide has 4xx.',
	},
];

/** What is left of the deviations once the gaps are taken out, and the gaps that none needed. */
export function unexplained(deviations: Iterable<string>, gaps: Gap[]) {
	const lines = [...new Set(deviations)];
	return {
		deviations: lines.filter((line) => !gaps.some(({ fits }) => fits.test(line))),
		unneeded: gaps.filter(({ fits }) => !lines.some((line) => fits.test(line))),
	};
}
