import {
	ICredentialsHelper,
	type ICredentialDataDecryptedObject,
	type ICredentials,
	type ICredentialType,
	type IDataObject,
	type IHttpRequestOptions,
} from 'n8n-workflow';

/**
 * n8n's credentials helper, backed by memory instead of a database.
 *
 * @param typeOf returns a credential type by its name
 * @param dataOf returns a credential's fields by its id
 */
export function credentialsHelper(
	typeOf: (name: string) => ICredentialType,
	dataOf: (id: string) => IDataObject | undefined,
): ICredentialsHelper {
	return new (class extends ICredentialsHelper {
		getParentTypes(): string[] {
			return [];
		}

		async authenticate(
			data: ICredentialDataDecryptedObject,
			typeName: string,
			request: IHttpRequestOptions,
		): Promise<IHttpRequestOptions> {
			const { authenticate } = typeOf(typeName);
			if (typeof authenticate !== 'function') throw new Error(`${typeName} has no authenticate`);
			return await authenticate(data, request);
		}

		async preAuthentication(): Promise<undefined> {
			return undefined;
		}

		async runPreAuthentication(): Promise<undefined> {
			return undefined;
		}

		isCredentialUsableByNode(): boolean {
			return true;
		}

		async getCredentials(): Promise<ICredentials> {
			throw new Error('Only decrypted credentials are held here');
		}

		async getDecrypted(
			_additionalData: unknown,
			{ id }: { id: string | null },
		): Promise<ICredentialDataDecryptedObject> {
			const data = dataOf(id ?? '');
			if (!data) throw new Error(`There is no credential ${id}`);
			return data as ICredentialDataDecryptedObject;
		}

		async updateCredentials(): Promise<void> {}

		async updateCredentialsOauthTokenData(): Promise<void> {}

		getCredentialsProperties(): never[] {
			return [];
		}
	})();
}
