import type {
	IConnections,
	IDataObject,
	INode,
	INodeExecutionData,
	IRun,
	IRunExecutionData,
	WorkflowActivateMode,
} from 'n8n-workflow';

/** An input file of the workflow. */
export interface StartFile {
	/** Its content: a path, or base64. */
	path?: string;
	base64?: string;
	fileName?: string;
	mimeType?: string;
	/** Damages the file in n8n's store before it is used; only with files on disk. */
	damage?: 'gone' | 'shorter' | 'longer';
}

/** An input item of the workflow; `files` become its binary fields. */
export interface StartItem {
	json?: IDataObject;
	files?: Record<string, StartFile>;
}

/** A workflow as n8n exports it, reduced to what the engine needs. */
export interface WorkflowFile {
	nodes: INode[];
	connections: IConnections;
	settings?: IDataObject;
}

export interface RunRequest {
	workflow: WorkflowFile;
	/** Output of the first node, if it is `engine.files`. */
	items: StartItem[];
	/** Name of the node to start with; default: the one of type `engine.files`. */
	startNode?: string;
	/** Credential data by credential id. */
	credentials: Record<string, IDataObject>;
	/** Whether the reply includes `written`, which is long. */
	write?: boolean;
	/** Cancels the execution after this time, in ms. */
	cancelAfter?: number;
	/** The data of a failed run to retry, as with "Retry" in n8n's list of executions. */
	retryOf?: IRunExecutionData;
}

/** One poll of the trigger. */
export interface PollRequest {
	/** Polls with the same value share one activation of the workflow. */
	activation: string;
	/** The reason for the activation in n8n's terms: `activate`, `init` after a restart, `update`. */
	activationMode: WorkflowActivateMode;
	/** `manual` is "Fetch Test Event". */
	mode?: 'trigger' | 'manual';
	parameters: IDataObject;
	credential: IDataObject;
	/** The node's static data in n8n's database when the activation begins. */
	staticData?: IDataObject;
}

/** What n8n would store of a run, and what it logged. */
export interface RunReply {
	run: IRun;
	/**
	 * The run's data, serialized inside the process: crossing to this process loses things such as
	 * extra properties that a library puts on its errors.
	 */
	written: string;
	/** Duration in ms. */
	took: number;
	/** Growth of the process's resident set during the run, in bytes. */
	grew: number;
}

/** What n8n has loaded of the package, by name: what its node panel shows. */
export interface Loaded {
	nodes: Record<string, { displayName: string; icon: unknown; codex: unknown }>;
	credentials: Record<string, { displayName: string; icon: unknown; supportedNodes: unknown }>;
}

/** Messages to the engine's process, by `kind`, with their replies. */
export interface Calls {
	loaded: { request: Record<string, never>; reply: Loaded };
	run: { request: RunRequest; reply: RunReply };
	testCredential: { request: IDataObject; reply: { status: 'OK' | 'Error'; message: string } };
	/**
	 * `items` is null if n8n starts no execution; `staticData` is what the node leaves for n8n to
	 * save.
	 */
	poll: {
		request: PollRequest;
		reply: { items: INodeExecutionData[] | null; staticData: IDataObject };
	};
	listSearch: {
		request: {
			method: string;
			credential: IDataObject;
			filter?: string;
			paginationToken?: string;
			/** Values of the node's other parameters. */
			parameters?: IDataObject;
		};
		reply: { results: Array<{ name: string; value: string }>; paginationToken?: string };
	};
}
