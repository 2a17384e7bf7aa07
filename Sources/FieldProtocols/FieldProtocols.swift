// FieldProtocols
