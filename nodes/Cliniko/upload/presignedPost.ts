import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isS3Host } from '../transport/s3/host';
import { readPolicy, type FieldCondition } from '../transport/s3/policy';
import type { SourceFile } from './sourceFile';

/** In a form's key, S3 replaces this with the name of the file (AWS, "POST Object"). */
const FILE_NAME = '${filename}';

/** A form with which S3 accepts one file. */
export interface PresignedPost {
	/** Where the form is posted, with exactly one slash at its end. */
	url: string;
	/** All fields of the form except the file. */
	fields: Record<string, string>;
	/** The key that the file will have. */
	key: string;
	/** The part of the key before the file's name, if S3 inserts the name. */
	prefix?: string;
	/** When it expires, in ms since 1970 by Cliniko's clock; undefined if the policy does not say. */
	expires?: number;
	/** How far Cliniko's clock is ahead of ours, in ms; 0 if its reply had no date. */
	clockAhead: number;
	/** Set if the reply had no date. */
	isUndated?: true;
}

/**
 * Step 1: requests a presigned post for the patient, and checks its policy before any of the file is
 * sent.
 *
 * @param patientId a validated patient id; the record must be created for the same patient
 * @throws ClinikoError if Cliniko gives none, or one whose URL is not Amazon S3's, or whose policy does
 *   not allow a file of this size
 */
export async function requestPresignedPost(
	api: ClinikoApi,
	patientId: string,
	file: SourceFile,
): Promise<PresignedPost> {
	const { body, date, isDated } = await api.get(
		`/patients/${patientId}/attachment_presigned_post`,
		{
			action: `get an upload address for patient ${patientId}`,
			notFound: `Cliniko has no patient with the ID ${patientId}.`,
		},
	);
	const fields = formFields(body.fields);
	if (!fields || typeof body.url !== 'string' || !body.url) {
		throw unusable('Cliniko gave no upload address for the file.');
	}
	const url = addressOfS3(body.url);
	const policy = readPolicy(valueOf('policy', fields));
	const { size, contentType } = policy;
	if (size && (file.size > size.max || file.size < size.min)) {
		throw new ClinikoError(
			file.size > size.max
				? `The file "${file.name}" has ${bytes(file.size)}, and Cliniko accepts at most ${bytes(size.max)}.`
				: `The file "${file.name}" has ${bytes(file.size)}, and Cliniko accepts no file smaller than ${bytes(size.min)}.`,
			'Make the file smaller (a scan with a lower resolution, or in parts) or larger accordingly. It was not sent.',
		);
	}
	// S3 refuses a form that lacks a field for which the policy has a condition.
	if (contentType && valueOf('content-type', fields) === undefined) {
		const fits = contentType.match === 'starts-with';
		fields['Content-Type'] =
			fits && file.contentType.startsWith(contentType.value) ? file.contentType : contentType.value;
	}
	return {
		url,
		...named(fields, policy.key ?? [], file.name),
		expires: policy.expiration,
		clockAhead: date - Date.now(),
		...(!isDated && { isUndated: true }),
	};
}

/**
 * Whether the presigned post has expired.
 *
 * @param margin for how long it must still be valid, in ms
 */
export function hasExpired({ expires, clockAhead }: PresignedPost, margin = 0): boolean {
	return expires !== undefined && Date.now() + clockAhead + margin > expires;
}

/**
 * The URL that a form is posted to, with exactly one slash at its end.
 *
 * @throws ClinikoError if it is not Amazon S3's: Cliniko keeps files nowhere else
 */
function addressOfS3(text: string): string {
	if (!URL.canParse(text) || new URL(text).protocol !== 'https:') {
		throw unusable('Cliniko gave an upload address that is not a secure (https) one.');
	}
	const url = new URL(text);
	if (!isS3Host(url) || /[?#]/.test(url.href)) {
		throw unusable(
			`Cliniko gave an upload address that is not one of Amazon S3: ${url.host.slice(0, 80)}.`,
		);
	}
	// The parsed URL, which was checked, and not the text, which another parser may read differently.
	return url.href.replace(/\/*$/, '/');
}

/**
 * Inserts the file's name into the form's key if the policy allows it, so that the key is known before
 * the file is sent. Otherwise S3 inserts the name.
 */
function named(
	fields: Record<string, string>,
	conditions: FieldCondition[],
	fileName: string,
): Pick<PresignedPost, 'fields' | 'key' | 'prefix'> {
	const field = fieldNamed('key', fields);
	const template = field === undefined ? '' : fields[field]!;
	if (field === undefined || !template) {
		throw unusable('Cliniko gave an upload address without a key for the file.');
	}
	const key = template.replaceAll(FILE_NAME, () => fileName);
	const allowed =
		conditions.length > 0 &&
		conditions.every(({ match, value }) =>
			match === 'eq' ? key === value : key.startsWith(value),
		);
	if (allowed || key === template) return { fields: { ...fields, [field]: key }, key };
	return { fields, key, prefix: template.slice(0, template.indexOf(FILE_NAME)) };
}

/**
 * Whether the key in S3's reply can be that of the file. If we wrote the key, the two are equal. If S3
 * inserted the name, it may have spelt it differently, but cannot have changed the folder.
 */
export function isKeyOf({ key, prefix }: PresignedPost, stored: string): boolean {
	if (stored.normalize('NFC') === key.normalize('NFC')) return true;
	if (prefix === undefined || !stored.startsWith(prefix)) return false;
	return /^(?!\.\.?$)[^/\\]+$/.test(stored.slice(prefix.length));
}

function formFields(value: unknown): Record<string, string> | undefined {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
	const entries = Object.entries(value as IDataObject);
	// S3 would take a field called "file" for the file.
	if (entries.length === 0 || entries.some(([name]) => name.toLowerCase() === 'file')) {
		return undefined;
	}
	return Object.fromEntries(entries.map(([name, field]) => [name, String(field)]));
}

/** S3 ignores the case of field names. */
function fieldNamed(name: string, fields: Record<string, string>): string | undefined {
	return Object.keys(fields).find((field) => field.toLowerCase() === name);
}

function valueOf(name: string, fields: Record<string, string>): string | undefined {
	const field = fieldNamed(name, fields);
	return field && fields[field];
}

function unusable(message: string): ClinikoError {
	return new ClinikoError(
		message,
		'The file was not sent. Run the workflow again; if it keeps happening, ask Cliniko support about attachment_presigned_post.',
	);
}

function bytes(size: number): string {
	return size < 1024 * 1024
		? `${size} bytes`
		: `${(size / (1024 * 1024)).toFixed(1)} MB (${size} bytes)`;
}
