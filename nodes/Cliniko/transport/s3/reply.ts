import { XMLParser } from 'fast-xml-parser';
import type { IDataObject } from 'n8n-workflow';

/**
 * Keys stay the strings they are: no numbers, no white space lost. Without `htmlEntities` the parser
 * would leave references such as `&#39;` as they stand.
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
 * The key of the stored object from S3's reply with status 201.
 *
 * @param xml a `PostResponse` document
 * @returns the key, not encoded in any way; nothing if there is none to be read
 */
export function readStoredKey(xml: string): string | undefined {
	return text(parse(xml, 'PostResponse').Key);
}

/** @param xml an `Error` document; anything else gives an empty object */
export function readRefusal(xml: string): S3Refusal {
	const error = parse(xml, 'Error');
	return { code: text(error.Code), message: text(error.Message) };
}

function parse(xml: string, root: string): IDataObject {
	try {
		// Validated, since half a reply must not pass for a whole one.
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
