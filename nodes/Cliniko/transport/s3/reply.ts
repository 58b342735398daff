import { XMLParser } from 'fast-xml-parser';
import type { IDataObject } from 'n8n-workflow';

/**
 * Keys must stay exact: strings, with their white space. Without `htmlEntities`, the parser would not
 * decode references such as `&#39;`.
 */
const parser = new XMLParser({
	parseTagValue: false,
	trimValues: false,
	ignoreAttributes: true,
	htmlEntities: true,
});

/** What S3 says about a refused request (AWS, "REST error responses"). */
export interface S3Refusal {
	/** Such as `EntityTooLarge`. */
	code?: string;
	message?: string;
}

/**
 * Reads the key of the stored object from S3's reply with status 201.
 *
 * @param xml a `PostResponse` document
 * @returns the key, not encoded; undefined if there is none
 */
export function readStoredKey(xml: string): string | undefined {
	return text(parse(xml, 'PostResponse').Key);
}

/**
 * Reads S3's error reply.
 *
 * @param xml an `Error` document; the result is empty for anything else
 */
export function readRefusal(xml: string): S3Refusal {
	const error = parse(xml, 'Error');
	return { code: text(error.Code), message: text(error.Message) };
}

function parse(xml: string, root: string): IDataObject {
	try {
		// With validation, so that a truncated reply is not accepted.
		const document = parser.parse(xml, true) as IDataObject;
		const element = document[root];
		return typeof element === 'object' && element !== null ? (element as IDataObject) : {};
	} catch {
		return {};
	}
}

function text(value: unknown): string | undefined {
	return typeof value === 'string' && value !== '' ? value : undefined;
}
