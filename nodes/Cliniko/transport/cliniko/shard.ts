import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { ClinikoError } from '../../errors';

/** The shard of older keys, which do not name one (Cliniko's guide on URLs). */
const FIRST_SHARD = 'au1';

/** The end of a key, such as `-uk2`. The rest of a key may contain hyphens too. */
const KEY_SUFFIX = /-([a-z]{2}\d{1,2})$/i;

/**
 * The form of a shard. It becomes part of a host name, so Cliniko asks integrations to validate it. New
 * shards are added, so only the form is checked.
 */
const SHARD = /^[a-z]{2}\d{1,2}$/;

/**
 * The shard (Cliniko's term for a region's servers) of a credential.
 *
 * @param credential the fields of a "Cliniko API" credential
 * @returns the shard in lower case, such as `au2`
 * @throws ClinikoError if the field is not a shard, or not the one that the key names
 */
export function shardOf(credential: ICredentialDataDecryptedObject): string {
	const named = KEY_SUFFIX.exec(apiKeyOf(credential))?.[1]?.toLowerCase();
	const field = credential.shard === 'other' ? credential.customShard : credential.shard;
	const chosen = typeof field === 'string' ? field.trim().toLowerCase() : '';
	if (!chosen && credential.shard !== 'other') return named ?? FIRST_SHARD;
	if (!SHARD.test(chosen)) {
		throw new ClinikoError(
			'The shard in the Cliniko API credential is not a shard: those are two letters and one or two digits, such as au1.',
			'Set Shard to Detect From API Key unless Cliniko told you otherwise.',
		);
	}
	if (named && named !== chosen) {
		throw new ClinikoError(
			`The API key ends in -${named}, but Shard in the Cliniko API credential is set to ${chosen}: set it to Detect From API Key.`,
			'The end of the key names the shard it belongs to.',
		);
	}
	return chosen;
}

/**
 * The API key, without the white space that copying may leave around it.
 *
 * @throws ClinikoError if there is no key, or white space inside it
 */
export function apiKeyOf(credential: ICredentialDataDecryptedObject): string {
	const apiKey = typeof credential.apiKey === 'string' ? credential.apiKey.trim() : '';
	if (!apiKey) {
		throw new ClinikoError(
			'The Cliniko API credential has no API key: paste the one that Cliniko gave you.',
			'In Cliniko a key is made under My Info > Manage API Keys.',
		);
	}
	if (/\s/.test(apiKey)) {
		throw new ClinikoError(
			'The API key in the Cliniko API credential has a space or a line break in it.',
			'Paste the key again, whole and on its own. If you no longer have it, make a new one in Cliniko under My Info > Manage API Keys: Cliniko shows a key only once.',
		);
	}
	return apiKey;
}

/**
 * The only host to which a key of this shard is ever sent.
 *
 * @param shard a shard from `shardOf`
 */
export function apiHost(shard: string): string {
	return `api.${shard}.cliniko.com`;
}
