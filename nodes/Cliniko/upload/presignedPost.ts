import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { readPolicy } from '../transport/s3/policy';
import type { SourceFile } from './sourceFile';

/** A form that S3 will take one file with. */
export interface PresignedPost {
	/** Where the form is posted, ended by exactly one slash. */
	url: string;
	/** All fields of the form but the file. */
	fields: Record<string, string>;
	/** When S3 stops taking it, ms since 1970 by Cliniko's clock; nothing if the policy does not say. */
	expires?: number;
	/** How far Cliniko's clock is ahead of ours, in ms. */
	clockAhead: number;
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
	const { body, date } = await api.get(`/patients/${patientId}/attachment_presigned_post`, {
		what: `get an upload address for patient ${patientId}`,
		notFound: `Cliniko has no patient with the ID ${patientId}.`,
	});
	const fields = formFields(body.fields);
	if (!fields || typeof body.url !== 'string' || !body.url) {
		throw unusable('Cliniko gave no upload address for the file.');
	}
	if (!URL.canParse(body.url) || new URL(body.url).protocol !== 'https:') {
		throw unusable('Cliniko gave an upload address that is not a secure (https) one.');
	}
	const policy = readPolicy(fieldNamed('policy', fields));
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
	if (contentType && fieldNamed('content-type', fields) === undefined) {
		const fits = contentType.match === 'starts-with';
		fields['Content-Type'] =
			fits && file.contentType.startsWith(contentType.value) ? file.contentType : contentType.value;
	}
	return {
		url: body.url.replace(/\/*$/, '/'),
		fields,
		expires: policy.expiration,
		clockAhead: date - Date.now(),
	};
}

/**
 * Whether S3 will not take the form any more.
 *
 * @param margin ms that have to be left
 */
export function hasExpired({ expires, clockAhead }: PresignedPost, margin = 0): boolean {
	return expires !== undefined && Date.now() + clockAhead + margin > expires;
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
	return Object.entries(fields).find(([field]) => field.toLowerCase() === name)?.[1];
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
