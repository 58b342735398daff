import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { isS3Host } from '../transport/s3/host';
import { readPolicy, type FieldCondition } from '../transport/s3/policy';
import type { SourceFile } from './sourceFile';

/** What S3 replaces with the name of the file in a form's key (AWS, "POST Object"). */
const FILE_NAME = '${filename}';

/** A form that S3 will take one file with. */
export interface PresignedPost {
	/** Where the form is posted, ended by exactly one slash. */
	url: string;
	/** All fields of the form but the file. */
	fields: Record<string, string>;
	/** The key that the file will have. */
	key: string;
	/** The part of the key before the file's name, where it is S3 that puts the name in. */
	prefix?: string;
	/** When S3 stops taking it, ms since 1970 by Cliniko's clock; nothing if the policy does not say. */
	expires?: number;
	/** How far Cliniko's clock is ahead of ours, in ms; nothing if its reply did not say. */
	clockAhead?: number;
}

/**
 * Step 1: asks Cliniko for a presigned post for the patient, and reads its policy before a byte of
 * the file is sent.
 *
 * @param patientId a checked patient id; the record must later be created for the same one
 * @throws ClinikoError if Cliniko gives none, gives one that leads nowhere safe, or one that does not
 *   take a file of this size
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
				? `The file "${file.name}" has ${bytes(file.size)}, and Cliniko takes at most ${bytes(size.max)}.`
				: `The file "${file.name}" has ${bytes(file.size)}, and Cliniko takes no file below ${bytes(size.min)}.`,
			'Make the file smaller (a scan with a lower resolution, or in parts) or larger accordingly. It was not sent.',
		);
	}
	// S3 refuses a form without a field that its policy has a condition on.
	if (contentType && valueOf('content-type', fields) === undefined) {
		const fits = contentType.match === 'starts-with';
		fields['Content-Type'] =
			fits && file.contentType.startsWith(contentType.value) ? file.contentType : contentType.value;
	}
	return {
		url,
		...named(fields, policy.key ?? [], file.name),
		expires: policy.expiration,
		clockAhead: isDated ? date - Date.now() : undefined,
	};
}

/**
 * Whether S3 will not take the form any more.
 *
 * @param margin ms that have to be left
 */
export function hasExpired({ expires, clockAhead = 0 }: PresignedPost, margin = 0): boolean {
	return expires !== undefined && Date.now() + clockAhead + margin > expires;
}

/**
 * The address that a form is posted to, ended by exactly one slash.
 *
 * @throws ClinikoError if it is not one of Amazon S3, where alone Cliniko keeps files
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
	// What was looked at is what is used, not the text that another parser may read otherwise.
	return url.href.replace(/\/*$/, '/');
}

/**
 * Puts the file's name into the form's key, where the policy lets us: then the key is known before the
 * file is sent, and S3 need not read the name. Otherwise S3 does it.
 */
function named(
	fields: Record<string, string>,
	conditions: FieldCondition[],
	fileName: string,
): Pick<PresignedPost, 'fields' | 'key' | 'prefix'> {
	const field = fieldNamed('key', fields);
	const template = field === undefined ? '' : fields[field]!;
	if (field === undefined || !template) {
		throw unusable('Cliniko gave an upload address without the place for the file.');
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
 * Whether a key that S3 answers with can be that of the file. Where we wrote the key, it is the same.
 * Where S3 put the name in, it may have written the name in its own way, but not in another folder.
 */
export function isKeyOf({ key, prefix }: PresignedPost, stored: string): boolean {
	if (stored.normalize('NFC') === key.normalize('NFC')) return true;
	if (prefix === undefined || !stored.startsWith(prefix)) return false;
	return /^(?!\.\.?$)[^/\\]+$/.test(stored.slice(prefix.length));
}

function formFields(value: unknown): Record<string, string> | undefined {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
	const entries = Object.entries(value as IDataObject);
	// A field called "file" would be taken for the file.
	if (entries.length === 0 || entries.some(([name]) => name.toLowerCase() === 'file')) {
		return undefined;
	}
	return Object.fromEntries(entries.map(([name, field]) => [name, String(field)]));
}

/** Names of form fields have no case for S3. */
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
		'The file was not sent. Run the workflow again; if it stays like this, ask Cliniko support about attachment_presigned_post.',
	);
}

function bytes(size: number): string {
	return size < 1024 * 1024
		? `${size} bytes`
		: `${(size / (1024 * 1024)).toFixed(1)} MB (${size} bytes)`;
}
